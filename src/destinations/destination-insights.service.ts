import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { AccountAccess } from '../auth/current-user.js';
import { AppConfig } from '../config/app-config.js';
import { timeOf } from '../database/partitions.js';
import type {
  DestinationStatsQuery,
  DestinationStatsView,
  RetryScheduleView,
} from './destination-insights.dto.js';
import { type StatsRow, readStats } from './destination-stats.js';
import { DestinationsService } from './destinations.service.js';
import { toScheduledAttempts } from './retry-schedule.js';

const HOUR_MS = 3_600_000;

/** How a destination does, and what is done for it when it does badly. */
@Injectable()
export class DestinationInsightsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly destinations: DestinationsService,
    private readonly config: AppConfig,
  ) {}

  async stats(
    access: AccountAccess,
    id: string,
    { hours }: DestinationStatsQuery,
  ): Promise<DestinationStatsView> {
    await this.destinations.get(access, id);
    const toMs = Date.now();
    const period = { fromMs: toMs - hours * HOUR_MS, toMs };
    const row = await readStats(this.dataSource, { id, accountId: access.accountId }, period);
    return toStatsView(id, period, row);
  }

  async retrySchedule(access: AccountAccess, id: string): Promise<RetryScheduleView> {
    const destination = await this.destinations.get(access, id);
    const { RETRY_SCHEDULE, DELIVERY_TIMEOUT_MS } = this.config.env;
    return {
      destination_id: id,
      max_attempts: RETRY_SCHEDULE.length,
      timeout_ms: destination.timeout_ms ?? DELIVERY_TIMEOUT_MS,
      attempts: toScheduledAttempts(RETRY_SCHEDULE),
    };
  }
}

function toStatsView(
  destinationId: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
  row: StatsRow,
): DestinationStatsView {
  const { success, failed, cancelled, latencies, last_error: error } = row;
  const [p50, p95, p99] = latencies ?? [];
  return {
    destination_id: destinationId,
    from: isoOf(fromMs),
    to: isoOf(toMs),
    complete_since: row.is_more_finished ? isoOf(timeOf(row.oldest_counted!)) : null,
    deliveries: { success, failed, cancelled },
    success_rate: success + failed === 0 ? null : success / (success + failed),
    attempts: {
      sampled: row.sampled,
      failed: row.sampled_failed,
      latency_ms: latencies && { p50: p50!, p95: p95!, p99: p99! },
    },
    last_error: error && {
      at: new Date(error.started_at).toISOString(),
      delivery_id: error.delivery_id,
      event_id: error.event_id,
      status_code: error.status_code,
      error: error.error,
    },
    backlog: {
      pending: row.pending,
      retrying: row.retrying,
      held: row.held,
      is_more: row.is_more_open,
      oldest_due_at: row.oldest_due_at?.toISOString() ?? null,
      overdue_seconds: Math.round(row.overdue_seconds * 1000) / 1000,
    },
  };
}

const isoOf = (ms: number): string => new Date(ms).toISOString();
