import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { dayOf } from '../database/partition-drops.js';
import { DAY_MS, timeOf } from '../database/partitions.js';
import { PARTITIONED_TABLES } from './partitioned-tables.js';

/** What one day of a table takes. */
export interface DaySize {
  dayMs: number;
  bytes: number;
  rows: number;
}

/** What a table takes on disk, indexes included. Rows are PostgreSQL's estimate: nothing is ever counted. */
export interface TableSize {
  table: string;
  bytes: number;
  rows: number;
  /** Days that have a partition, also those made ahead; 0 where a table has none. */
  partitions: number;
  oldestDayMs: number | null;
  newestDayMs: number | null;
  /** Days with rows, oldest first. */
  days: DaySize[];
}

interface RelationRow {
  table: string;
  name: string;
  bytes: number;
  rows: number;
  is_used: boolean;
}

const idsOf = (table: string): string => `
  SELECT (SELECT id FROM ${table} ORDER BY id LIMIT 1) AS first,
    (SELECT id FROM ${table} ORDER BY id DESC LIMIT 1) AS last`;

/** Where the rows of tables without partitions begin and end, without reading them. */
const RANGES = {
  deliveries: idsOf('deliveries'),
  manual_log_entries: idsOf('manual_log_entries'),
  // No index of the keys is in order of time; what ANALYZE last saw has to do.
  event_keys: `
    SELECT bounds[1] AS first, bounds[array_upper(bounds, 1)] AS last
    FROM (SELECT histogram_bounds::text::uuid[] AS bounds FROM pg_stats
      WHERE schemaname = current_schema() AND tablename = 'event_keys' AND attname = 'event') stats`,
};
const TABLES = [...PARTITIONED_TABLES, ...Object.keys(RANGES)];

/** How large the tables are that grow with the events. */
@Injectable()
export class TableSizes {
  constructor(private readonly dataSource: DataSource) {}

  async read(): Promise<TableSize[]> {
    const relations = await this.readRelations();
    return Promise.all(
      TABLES.map(async (table) => {
        const own = relations.filter((relation) => relation.table === table);
        return table in RANGES
          ? toPlainSize(table, own, await this.readRange(table as keyof typeof RANGES))
          : toPartitionedSize(table, own);
      }),
    );
  }

  private readRelations(): Promise<RelationRow[]> {
    return this.dataSource.query(
      `SELECT t.name AS table, c.relname AS name, coalesce(pg_total_relation_size(c.oid), 0)::float8 AS bytes,
         greatest(c.reltuples, s.n_live_tup, 0)::float8 AS rows, pg_relation_size(c.oid) > 0 AS is_used
       FROM unnest($1::text[]) AS t (name)
       JOIN pg_class c ON c.relkind = 'r' AND (c.oid = t.name::regclass
         OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = t.name::regclass))
       LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
       ORDER BY c.relname`,
      [TABLES],
    );
  }

  private async readRange(table: keyof typeof RANGES): Promise<(string | null)[]> {
    const [range] = await this.dataSource.query(RANGES[table]);
    return [range?.first ?? null, range?.last ?? null];
  }
}

const sum = (relations: RelationRow[], of: 'bytes' | 'rows'): number =>
  relations.reduce((total, relation) => total + relation[of], 0);

const startOfDay = (id: string | null | undefined): number | null =>
  id ? Math.floor(timeOf(id) / DAY_MS) * DAY_MS : null;

function toPlainSize(table: string, own: RelationRow[], [first, last]: (string | null)[]): TableSize {
  return {
    table,
    bytes: sum(own, 'bytes'),
    rows: sum(own, 'rows'),
    partitions: 0,
    oldestDayMs: startOfDay(first),
    newestDayMs: startOfDay(last),
    days: [],
  };
}

function toPartitionedSize(table: string, own: RelationRow[]): TableSize {
  const dated = own.filter(({ name }) => dayOf(name) !== null);
  const days = dated
    .filter((relation) => relation.is_used)
    .map(({ name, bytes, rows }) => ({ dayMs: dayOf(name)!, bytes, rows }));
  return {
    table,
    bytes: sum(own, 'bytes'),
    rows: sum(own, 'rows'),
    partitions: dated.length,
    oldestDayMs: days[0]?.dayMs ?? null,
    newestDayMs: days.at(-1)?.dayMs ?? null,
    days,
  };
}
