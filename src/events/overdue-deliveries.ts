import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Remembered } from '../common/remembered.js';

const REMEMBER_MS = 5000;

const IS_FREE = `status <> 'held' AND (lease_token IS NULL OR lease_until < now())`;

/**
 * Walks through the index from destination to destination and reads what each has due first, so that it costs a
 * look per destination however many deliveries are open. Only where that one is under way it looks for the next.
 */
const OLDEST = `
  WITH RECURSIVE first AS (
    (SELECT destination_id, due_at, ${IS_FREE} AS is_free FROM deliveries
     ORDER BY destination_id, due_at LIMIT 1)
    UNION ALL
    SELECT next.* FROM first CROSS JOIN LATERAL (
      SELECT destination_id, due_at, ${IS_FREE} AS is_free FROM deliveries
      WHERE destination_id > first.destination_id ORDER BY destination_id, due_at LIMIT 1
    ) next
  )
  SELECT coalesce(extract(epoch FROM now() - min(
    CASE WHEN is_free THEN due_at ELSE (
      SELECT due_at FROM deliveries
      WHERE destination_id = first.destination_id AND due_at <= now() AND ${IS_FREE} ORDER BY due_at LIMIT 1
    ) END)), 0)::float8 AS seconds
  FROM first WHERE due_at <= now()`;

/** How far delivering is behind: the one figure that says whether somebody takes what is due. */
@Injectable()
export class OverdueDeliveries {
  private readonly oldest = new Remembered(() => this.readOldestSeconds(), REMEMBER_MS);

  constructor(private readonly dataSource: DataSource) {}

  /** For how long the oldest delivery that is due has waited for somebody to work on it; some seconds old. */
  oldestSeconds(): Promise<number> {
    return this.oldest.get();
  }

  async readOldestSeconds(): Promise<number> {
    const [{ seconds }]: [{ seconds: number }] = await this.dataSource.query(OLDEST);
    return seconds;
  }
}
