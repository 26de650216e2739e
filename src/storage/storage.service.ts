import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import type { RetentionPeriods } from '../config/retention.js';
import { DAY_MS } from '../database/partitions.js';
import { BODY_TABLES } from '../events/partitioned-tables.js';
import { type TableSize, TableSizes } from '../events/table-sizes.js';
import type { StorageView, TableStorageView } from './storage.dto.js';

@Injectable()
export class StorageService {
  constructor(
    private readonly sizes: TableSizes,
    private readonly config: AppConfig,
  ) {}

  async get(): Promise<StorageView> {
    const { retention } = this.config;
    const tables = await this.sizes.read();
    return {
      bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
      periods: {
        retention_days: finite(retention.logDays),
        payload_retention_days: finite(retention.payloadDays),
        dedup_days: finite(retention.dedupDays),
      },
      tables: tables.map((size) => toView(size, daysOf(size.table, retention))),
    };
  }
}

function daysOf(table: string, { logDays, payloadDays, dedupDays }: RetentionPeriods): number {
  if (BODY_TABLES.includes(table)) return payloadDays;
  return table === 'event_keys' ? dedupDays : logDays;
}

function toView(size: TableSize, keptDays: number): TableStorageView {
  return {
    table: size.table,
    bytes: size.bytes,
    estimated_rows: size.rows,
    partitions: size.partitions,
    oldest_day: toDay(size.oldestDayMs),
    newest_day: toDay(size.newestDayMs),
    kept_days: finite(keptDays),
    next_drop_at: nextDropOf(size, keptDays),
    days: size.days.map(({ dayMs, bytes, rows }) => ({ day: toDay(dayMs)!, bytes, estimated_rows: rows })),
  };
}

/** A day is dropped when its last millisecond has reached the age. */
function nextDropOf({ partitions, oldestDayMs }: TableSize, keptDays: number): string | null {
  if (partitions === 0 || oldestDayMs === null || keptDays === Infinity) return null;
  return new Date(oldestDayMs + (keptDays + 1) * DAY_MS).toISOString();
}

const finite = (days: number): number | null => (days === Infinity ? null : days);

const toDay = (timeMs: number | null): string | null =>
  timeMs === null ? null : new Date(timeMs).toISOString().slice(0, 10);
