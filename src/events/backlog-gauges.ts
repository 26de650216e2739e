import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Remembered } from '../common/remembered.js';
import { Metrics } from '../metrics/metrics.js';
import { OverdueDeliveries } from './overdue-deliveries.js';

const REMEMBER_MS = 5000;

/** What is still to do in the database. Every process shows the same, so take the maximum and not the sum. */
@Injectable()
export class BacklogGauges {
  private readonly open = new Remembered(() => this.readOpen(), REMEMBER_MS);

  constructor(
    metrics: Metrics,
    overdue: OverdueDeliveries,
    private readonly dataSource: DataSource,
  ) {
    metrics.gauge(
      'open_deliveries',
      "Deliveries still to do, held ones included: an estimate of the database's statistics.",
      () => this.open.get(),
    );
    metrics.gauge(
      'oldest_overdue_seconds',
      'For how long the oldest delivery that is due has waited for a worker.',
      () => overdue.oldestSeconds(),
    );
  }

  /** Counting a large table takes long; its statistics are about a second old. */
  private async readOpen(): Promise<number> {
    const [{ open }]: [{ open: number }] = await this.dataSource.query(
      `SELECT pg_stat_get_live_tuples('deliveries'::regclass)::float8 AS open`,
    );
    return open;
  }
}
