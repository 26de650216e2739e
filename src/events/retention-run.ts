import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import type { RetentionPeriods } from '../config/retention.js';
import { deleteBatches } from '../database/delete-batches.js';
import { type DayPartition, dropPartition, listDayPartitions } from '../database/partition-drops.js';
import { DAY_MS, firstIdOf } from '../database/partitions.js';
import type { DeliveryRows } from './delivery-rows.js';
import { forgetKeys } from './forget-keys.js';
import { LOG_TABLES } from './partitioned-tables.js';

/** What a run did. */
export interface RetentionReport {
  /** Partitions that are gone. */
  dropped: string[];
  /** Partitions that are due but were read by somebody all the time; the next run tries again. */
  busy: string[];
  /** Partitions that are due but kept for what is still to be delivered or was cancelled less than a day ago. */
  kept: string[];
  /** Deliveries that were still open when their time was over. */
  cancelled: number;
  /** Rows deleted that are in no day's partition. */
  rows: number;
  /** Event ids that may be used again. */
  keys: number;
}

export interface RetentionOptions {
  client: ClientBase;
  deliveries: DeliveryRows;
  periods: RetentionPeriods;
  nowMs: number;
  /** Ends the run at the next step. */
  signal: AbortSignal;
  /** Wait before a partition that is read is tried again, times the number of tries. */
  retryMs: number;
}

const BATCH = 1000;
const DROP_TRIES = 5;

/** The moment before which everything is older than `days`, at the start of a day. */
export function boundaryOf(days: number, nowMs: number): number {
  return Math.floor(nowMs / DAY_MS) * DAY_MS - days * DAY_MS;
}

/** Removes once what has reached its age. Every step can be broken off anywhere and is finished by the next run. */
export class RetentionRun {
  private readonly report: RetentionReport = {
    dropped: [],
    busy: [],
    kept: [],
    cancelled: 0,
    rows: 0,
    keys: 0,
  };
  private readonly logsBefore: number;
  private readonly bodiesBefore: number;

  constructor(private readonly options: RetentionOptions) {
    const { periods, nowMs } = options;
    this.logsBefore = boundaryOf(periods.logDays, nowMs);
    this.bodiesBefore = boundaryOf(periods.payloadDays, nowMs);
  }

  async run(): Promise<RetentionReport> {
    await this.cancelExpired();
    await this.dropBodies();
    await this.dropLogs();
    await this.deleteRows('events_default', this.bodiesBefore, 'id NOT IN (SELECT event FROM deliveries)');
    await this.deleteRows('search_blocks_default', this.bodiesBefore);
    for (const table of LOG_TABLES) await this.deleteRows(`${table}_default`, this.logsBefore);
    await this.deleteRows('manual_log_entries', this.logsBefore);
    const { client, periods, nowMs, signal } = this.options;
    this.report.keys = await forgetKeys(client, boundaryOf(periods.dedupDays, nowMs), nowMs, signal);
    return this.report;
  }

  /** Whatever was acknowledged has an end that is told before its event goes. */
  private async cancelExpired(): Promise<void> {
    const { deliveries, periods, nowMs } = this.options;
    const reason = reasonOf(periods);
    let count: number;
    do {
      this.options.signal.throwIfAborted();
      count = await deliveries.cancelExpired(firstIdOf(this.logsBefore), reason, nowMs, BATCH);
      this.report.cancelled += count;
    } while (count === BATCH);
  }

  private async dropBodies(): Promise<void> {
    const isWanted = async ({ dayMs }: DayPartition) => {
      const { rows } = await this.options.client.query(
        'SELECT EXISTS (SELECT FROM deliveries WHERE event >= $1 AND event < $2) AS wanted',
        [firstIdOf(dayMs), firstIdOf(dayMs + DAY_MS)],
      );
      return rows[0].wanted;
    };
    await this.dropDays('events', this.bodiesBefore, isWanted);
    const left = new Set((await listDayPartitions(this.options.client, 'events')).map(({ dayMs }) => dayMs));
    await this.dropDays('search_blocks', this.bodiesBefore, async ({ dayMs }) => left.has(dayMs));
  }

  /** The log of a day in which something had to be cancelled stays a day longer, so that it can be read. */
  private async dropLogs(): Promise<void> {
    const { client, periods, nowMs } = this.options;
    const told = new Set<number>();
    const isTold = async ({ name, dayMs }: DayPartition) => {
      const { rows } = await client.query(
        `SELECT EXISTS (SELECT FROM ${name} WHERE status = 'cancelled' AND last_error = $1
           AND processed_at > to_timestamp($2)) AS told`,
        [reasonOf(periods), (nowMs - DAY_MS) / 1000],
      );
      if (rows[0].told) told.add(dayMs);
      return rows[0].told;
    };
    await this.dropDays('finished_deliveries', this.logsBefore, isTold);
    await this.dropDays('attempts', this.logsBefore, async ({ dayMs }) => told.has(dayMs));
  }

  private async dropDays(
    table: string,
    beforeMs: number,
    isKept: (partition: DayPartition) => Promise<boolean>,
  ): Promise<void> {
    const due = (await listDayPartitions(this.options.client, table)).filter(({ dayMs }) => dayMs < beforeMs);
    for (const partition of due) {
      this.options.signal.throwIfAborted();
      if (await isKept(partition)) this.report.kept.push(partition.name);
      else if (await this.drop(partition.name)) this.report.dropped.push(partition.name);
      // Whoever reads the table keeps its other days as well.
      else return void this.report.busy.push(partition.name);
    }
  }

  private async drop(name: string): Promise<boolean> {
    const { client, retryMs, signal } = this.options;
    for (let tries = 1; ; tries++) {
      if (await dropPartition(client, name)) return true;
      if (tries === DROP_TRIES) return false;
      await sleep(retryMs * tries, undefined, { signal });
    }
  }

  /** Rows of days for which no partition could be made in time, and of a table without any. */
  private async deleteRows(table: string, beforeMs: number, condition = 'true'): Promise<void> {
    const text = `
      DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ${table} WHERE id < $1 AND ${condition} LIMIT ${BATCH}))`;
    const { client, signal } = this.options;
    const values = [firstIdOf(beforeMs)];
    this.report.rows += await deleteBatches(client, { text, values, batch: BATCH }, signal);
  }
}

const reasonOf = ({ logDays }: RetentionPeriods): string =>
  `It could not be delivered within ${logDays} days (RETENTION_DAYS), after which its event was removed.`;
