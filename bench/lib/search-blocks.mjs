import { cpuMs } from './backend-cpu.mjs';

/** Makes the blocks of all accounts without the rests that the product takes; says what they cost. */
export async function makeAllBlocks(client, accounts) {
  const { writeBlocks } = await import('../../dist/src/search/block-writer.js');
  const { firstIdOf } = await import('../../dist/src/database/partitions.js');
  const { FIRST_ID } = await import('../../dist/src/common/uuid.js');
  const before = firstIdOf(Date.now());
  const [ours, theirs] = [process.cpuUsage(), cpuMs(client)];
  let [blocks, events] = [0, 0];
  for (const { id } of accounts) {
    let after = FIRST_ID;
    for (;;) {
      const made = await writeBlocks(client, id, after, before);
      if (made.length === 0) break;
      blocks += made.length;
      events += made.reduce((sum, block) => sum + block.events, 0);
      after = made.at(-1).id;
    }
  }
  const { rows } = await client.query(
    `SELECT sum(pg_total_relation_size(inhrelid))::float8 AS bytes FROM pg_inherits WHERE inhparent = 'search_blocks'::regclass`,
  );
  const used = process.cpuUsage(ours);
  return {
    blocks,
    processMicros: (used.user + used.system) / events,
    databaseMicros: ((cpuMs(client) - theirs) * 1000) / events,
    bytesPerEvent: rows[0].bytes / events,
  };
}
