import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { dropPartition, listDayPartitions } from '../../../src/database/partition-drops.js';
import { DAY_MS, ensureDayPartitions } from '../../../src/database/partitions.js';
import { waitFor } from '../../support/wait-for.js';
import { call } from '../harness/call.js';
import type { Fault } from '../harness/fault.js';
import type { Round } from '../harness/round.js';

const TABLES = ['events', 'finished_deliveries', 'attempts'];
const DAYS_AGO = 20;
const STALL_MS = 350;
const OLD_EVENTS = 40;
const RETRY_MS = 500;

/**
 * Days are dropped while events of those days are still tried again and somebody reads the tables. Events of an
 * old day are made by an API whose clock is behind.
 */
export const dropDays: Fault = {
  id: 'F19',
  title: 'retention drops partitions while deliveries retry',
  async run(round, { slackMs }) {
    const { rig, producer } = round;
    await ensureOldPartitions(round);
    const old = await acceptOldEvents(round);
    producer.targets = () => [rig.urls[0]!];
    producer.run(100);
    await sleep(1000);
    const dropped = await dropOld(round);
    await sleep(1000);
    await producer.finish();
    const slowest = Math.round(Math.max(...producer.answers.map(({ ms }) => ms)));
    round.note(`${dropped} days dropped; the slowest answer took ${slowest} ms`);
    round.check(dropped >= TABLES.length, `only ${dropped} partitions were dropped`);
    round.check(
      slowest <= STALL_MS + slackMs,
      `the slowest answer took ${slowest} ms, ${STALL_MS} are allowed`,
    );
    await endsCancelled(round, old);
    return { duplicates: 0 };
  },
};

async function ensureOldPartitions({ rig }: Round): Promise<void> {
  const pool = new pg.Pool(rig.database.connection);
  await ensureDayPartitions(pool, TABLES, Date.now() - DAYS_AGO * DAY_MS);
  await pool.end();
}

/** @returns the account whose events are of an old day and fail. */
async function acceptOldEvents(round: Round): Promise<string> {
  const { rig } = round;
  const { body: account } = await round.api('POST', '/accounts', { account_name: 'Old' });
  await round.api('PATCH', `/accounts/${account.id}`, { rate_limit_per_second: 1000 });
  await round.api('POST', `/accounts/${account.id}/destinations`, { url: 'http://127.0.0.1:1/refuses' });
  const api = rig.apis[1]!;
  await rig.stopGracefully(api);
  api.env = { ...api.env, FAULT_CLOCK_OFFSET_MS: String(-DAYS_AGO * DAY_MS) };
  await api.start();
  for (let index = 0; index < OLD_EVENTS; index++) {
    const headers = { 'cl-x-token': account.app_secret_token };
    const { status } = await call(rig.urls[1]!, 'POST', '/api/server/incoming_data', {
      body: { index },
      headers,
    });
    round.check(status === 202, `an event of an old day was answered ${status}`);
  }
  return account.id;
}

/** As the product does it and as often, beside a reader that keeps the table of the first day for some time. */
async function dropOld({ rig }: Round): Promise<number> {
  const [client, reader] = [await rig.database.connect(), await rig.database.connect()];
  let dropped = 0;
  for (const table of TABLES)
    for (const [index, { name, dayMs }] of (await listDayPartitions(client, table)).entries()) {
      if (dayMs > Date.now() - 2 * DAY_MS) continue;
      if (index === 0) {
        await reader.query(`BEGIN; SELECT count(*) FROM ${table}`);
        if (await dropPartition(client, name)) throw new Error(`${name} was dropped under a reader`);
        await reader.query('COMMIT');
      }
      await sleep(RETRY_MS);
      if (await dropPartition(client, name)) dropped++;
    }
  await Promise.all([client.end(), reader.end()]);
  return dropped;
}

/** An event that is gone cannot be delivered; its deliveries end and say so. */
async function endsCancelled({ rig }: Round, accountId: string): Promise<void> {
  await waitFor(
    async () => {
      const [row] = await rig.database.query<{ open: number }>(
        'SELECT count(*)::integer AS open FROM deliveries WHERE account_id = $1',
        [accountId],
      );
      return row!.open === 0;
    },
    { timeoutMs: 30_000, what: 'the end of deliveries whose event is gone' },
  );
}
