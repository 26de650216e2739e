import { setImmediate as turn } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { FIRST_ID } from '../common/uuid.js';
import { byteaArray, intArray, uuidArray } from '../database/binary-arrays.js';
import { sqlSearchedText } from './searched-text.js';
import { TextFilter } from './text-filter.js';

/** An account with so many events in no block gets blocks; fewer are read as they are. */
export const WAITING_EVENTS = 64;
/** Fewer when the filter is full before. */
const EVENTS_PER_BLOCK = 64;
const EVENTS_PER_READ = 128;

export interface Block {
  accountId: string;
  id: string;
  afterId: string;
  events: number;
  filter: Buffer;
}

/** What is to be known of a block to complete it. */
export type MadeBlock = Omit<Block, 'filter'>;

interface EventText {
  id: string;
  text: string;
}

/** Accounts that have events for a block, with the last one that is in a block already. */
export async function findWaiting(
  client: ClientBase,
  before: string,
): Promise<{ accountId: string; afterId: string }[]> {
  const { rows } = await client.query(
    `SELECT a.id AS "accountId", coalesce(m.event, $2) AS "afterId"
     FROM accounts a LEFT JOIN search_marks m ON m.account_id = a.id
     WHERE a.deleted_at IS NULL AND (SELECT count(*) FROM (
       SELECT FROM events WHERE account_id = a.id AND id > coalesce(m.event, $2) AND id < $1 LIMIT $3
     ) waiting) >= $3`,
    [before, FIRST_ID, WAITING_EVENTS],
  );
  return rows;
}

/**
 * Makes blocks of the next events of an account, as many as one read gives; what would not fill one is left.
 * @returns the blocks; none when all that came `before` are in one.
 */
export async function writeBlocks(
  client: ClientBase,
  accountId: string,
  afterId: string,
  before: string,
): Promise<Block[]> {
  const events = await readTexts(client, 'AND id < $3 ORDER BY id LIMIT $4', [
    accountId,
    afterId,
    before,
    EVENTS_PER_READ,
  ]);
  const blocks: Block[] = [];
  let open = startBlock();
  for (const { id, text } of events) {
    open.filter.add(text);
    open.events++;
    if (open.filter.isFull || open.events === EVENTS_PER_BLOCK) {
      const previous = blocks.at(-1)?.id ?? afterId;
      blocks.push({ accountId, id, afterId: previous, events: open.events, filter: open.filter.bytes });
      open = startBlock();
    }
    // Whoever delivers in this process goes first.
    await turn();
  }
  if (blocks.length > 0) await insert(client, accountId, blocks);
  return blocks;
}

const startBlock = () => ({ filter: new TextFilter(), events: 0 });

async function readTexts(client: ClientBase, rest: string, values: unknown[]): Promise<EventText[]> {
  const { rows } = await client.query<EventText>(
    `SELECT id, event_id || E'\\n' || ${sqlSearchedText('payload')} AS text FROM events
     WHERE account_id = $1 AND id > $2 ${rest}`,
    values,
  );
  return rows;
}

async function insert(client: ClientBase, accountId: string, blocks: Block[]): Promise<void> {
  await client.query(
    `WITH written AS (
       INSERT INTO search_blocks (account_id, id, after_id, events, filter)
       SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::integer[], $5::bytea[]))
     INSERT INTO search_marks (account_id, event) VALUES ($1, $6)
     ON CONFLICT (account_id) DO UPDATE SET event = excluded.event`,
    [
      accountId,
      uuidArray(blocks.map(({ id }) => id)),
      uuidArray(blocks.map(({ afterId }) => afterId)),
      intArray(blocks.map(({ events }) => events)),
      byteaArray(blocks.map(({ filter }) => filter)),
      blocks.at(-1)!.id,
    ],
  );
}

/** Blocks of events that came after `id`. */
export async function findMadeSince(client: ClientBase, id: string): Promise<MadeBlock[]> {
  const { rows } = await client.query<MadeBlock>(
    `SELECT account_id AS "accountId", id, after_id AS "afterId", events FROM search_blocks WHERE id > $1`,
    [id],
  );
  return rows;
}

/**
 * Adds to blocks what was committed with an id among theirs after they were made.
 * @returns how many had something added.
 */
export async function completeBlocks(client: ClientBase, blocks: MadeBlock[]): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    `SELECT b.n::integer FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::integer[])
       WITH ORDINALITY AS b (account_id, after_id, id, events, n)
     WHERE b.events <> (SELECT count(*) FROM events e
       WHERE e.account_id = b.account_id AND e.id > b.after_id AND e.id <= b.id)`,
    [
      uuidArray(blocks.map(({ accountId }) => accountId)),
      uuidArray(blocks.map(({ afterId }) => afterId)),
      uuidArray(blocks.map(({ id }) => id)),
      intArray(blocks.map(({ events }) => events)),
    ],
  );
  for (const { n } of rows) await makeAgain(client, blocks[n - 1]!);
  return rows.length;
}

async function makeAgain(client: ClientBase, { accountId, afterId, id }: MadeBlock): Promise<void> {
  const events = await readTexts(client, 'AND id <= $3', [accountId, afterId, id]);
  const filter = new TextFilter();
  for (const { text } of events) filter.add(text);
  await client.query('UPDATE search_blocks SET filter = $3, events = $4 WHERE account_id = $1 AND id = $2', [
    accountId,
    id,
    filter.bytes,
    events.length,
  ]);
}
