import { Injectable } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { DataSource } from 'typeorm';
import { notFound } from '../common/errors/problem.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { firstIdOf, timeOf } from '../database/partitions.js';
import { deliveriesEndBefore } from '../events/delivery-ids.js';
import { explain } from './explanation.js';
import {
  type AttemptRow,
  type LogFilter,
  type LogRow,
  logStatement,
  ofDestinations,
  toAttemptView,
  toLogEntryView,
} from './log-rows.js';
import { LogSearch } from './log-search.js';
import type { DeliveryLogView, EventLogView, ListLogsQuery, LogEntryView } from './logs.dto.js';

/** More deliveries of one event than this are not shown at once. */
const MAX_DELIVERIES_OF_EVENT = 1000;

/** An event by its key, which outlives the event itself. */
interface EventRow {
  id: string;
  account_id: string;
  event_id: string;
  body_sha256: Buffer;
  event_type: string | null;
  payload: Buffer | null;
  received_at: Date | null;
}

@Injectable()
export class LogsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly logSearch: LogSearch,
  ) {}

  async list(accountId: string, query: ListLogsQuery): Promise<Page<LogEntryView>> {
    const event =
      query.event_id === undefined ? undefined : await this.findEventId(accountId, query.event_id);
    const filter = toFilter(accountId, query, event);
    if (query.q !== undefined) return this.search(accountId, query.q, query, filter, event);
    const rows: LogRow[] = await this.dataSource.query(logStatement(filter, query.limit + 1), filter.values);
    return toPage<LogRow, LogEntryView>(rows, query, toLogEntryView);
  }

  private async search(
    accountId: string,
    text: string,
    query: ListLogsQuery,
    filter: LogFilter,
    event?: string | null,
  ): Promise<Page<LogEntryView>> {
    const from = query.from ? firstIdOf(Date.parse(query.from)) : null;
    const before = readCursor(query) ?? (query.to ? firstIdOf(Date.parse(query.to)) : null);
    const { rows, seenDownTo } = await this.logSearch.find(
      { accountId, text, filter, from, before, event },
      query.limit + 1,
    );
    return toPage<LogRow, LogEntryView>(rows, query, toLogEntryView, seenDownTo);
  }

  private async findEvent(accountId: string, eventId: string): Promise<EventRow | undefined> {
    if (!canBeEventId(eventId)) return undefined;
    const [event]: EventRow[] = await this.dataSource.query(
      `SELECT k.event AS id, k.account_id, k.event_id, k.body_sha256, e.event_type, e.payload, e.received_at
       FROM event_keys k LEFT JOIN events e ON e.account_id = k.account_id AND e.id = k.event
       WHERE k.account_id = $1 AND k.event_id = $2`,
      [accountId, eventId],
    );
    return event;
  }

  /** For events whose own id no path can name, such as "export" and "..". */
  private async findOurs(accountId: string, id: string): Promise<EventRow | undefined> {
    if (!isUUID(id)) return undefined;
    const [row] = await this.dataSource.query(
      'SELECT event_id FROM events WHERE account_id = $1 AND id = $2',
      [accountId, id],
    );
    return row && this.findEvent(accountId, row.event_id);
  }

  /** Our id of a producer's event. */
  private async findEventId(accountId: string, eventId: string): Promise<string | null> {
    if (!canBeEventId(eventId)) return null;
    const [row] = await this.dataSource.query(
      'SELECT event FROM event_keys WHERE account_id = $1 AND event_id = $2',
      [accountId, eventId],
    );
    return row?.event ?? null;
  }

  /** An event by the producer's id, else by ours, with all its deliveries and attempts. */
  async getEvent(accountId: string, eventId: string): Promise<EventLogView> {
    const event = (await this.findEvent(accountId, eventId)) ?? (await this.findOurs(accountId, eventId));
    if (!event) throw notFound('event');
    const filter = toFilter(accountId, { event_id: event.event_id }, event.id);
    const rows: LogRow[] = await this.dataSource.query(
      logStatement(filter, MAX_DELIVERIES_OF_EVENT),
      filter.values,
    );
    const attempts = await this.attemptsOf(rows.map((row) => row.id));
    return toEventView(event, rows, attempts);
  }

  private async attemptsOf(deliveryIds: string[]): Promise<Map<string, AttemptRow[]>> {
    const rows: AttemptRow[] =
      deliveryIds.length === 0
        ? []
        : await this.dataSource.query(
            'SELECT * FROM all_attempts WHERE delivery_id = ANY($1::uuid[]) ORDER BY started_at, number',
            [deliveryIds],
          );
    const byDelivery = new Map<string, AttemptRow[]>(deliveryIds.map((id) => [id, []]));
    for (const row of rows) byDelivery.get(row.delivery_id)!.push(row);
    return byDelivery;
  }
}

/** PostgreSQL takes no NUL, so no event has one in its id. */
const canBeEventId = (text: string): boolean => !text.includes('\0');

/**
 * Conditions that hold for open and finished deliveries alike. Times are ranges of ids, which the index serves.
 * @param accountId null where the caller of this adds which accounts.
 * @param event ours with the producer's id that is asked for; null when there is none.
 */
export function toFilter(
  accountId: string | null,
  query: Partial<ListLogsQuery>,
  event?: string | null,
): LogFilter {
  const values: unknown[] = [];
  const conditions: string[] = event === null ? ['false'] : [];
  const manual: string[] = [];
  const add = (condition: (parameter: string) => string, value: unknown, lists = [conditions, manual]) => {
    if (value === undefined || value === null) return;
    const text = condition(`$${values.push(value)}`);
    for (const list of lists) list.push(text);
  };
  add((p) => `account_id = ${p}`, accountId);
  add((p) => `id < ${p}::uuid`, readCursor(query));
  add((p) => `destination_id = ${p}`, query.destination_id);
  add((p) => `event_id = ${p}`, query.event_id);
  add((p) => `event = ${p}::uuid AND id > ${p}::uuid`, event, [conditions]);
  add((p) => `id < ${p}::uuid`, event && deliveriesEndBefore(event), [conditions]);
  add((p) => `event_type = ${p}`, query.event_type);
  add((p) => `id >= ${p}::uuid`, query.from && firstIdOf(Date.parse(query.from)));
  add((p) => `id < ${p}::uuid`, query.to && firstIdOf(Date.parse(query.to)));
  const isByStatus = Boolean(query.destination_id || query.event_type) && !event;
  const all = (list: string[]): string => ['true', ...list].join(' AND ');
  const filter = { where: all(conditions), manual: all(manual), values, status: query.status, isByStatus };
  return query.destination_id && !event ? ofDestinations(filter) : filter;
}

function toEventView(event: EventRow, rows: LogRow[], attempts: Map<string, AttemptRow[]>): EventLogView {
  return {
    id: event.id,
    account_id: event.account_id,
    event_id: event.event_id,
    event_type: event.event_type ?? rows.find((row) => row.event_type)?.event_type ?? null,
    received_at: (event.received_at ?? new Date(timeOf(event.id))).toISOString(),
    size: event.payload?.length ?? null,
    body_sha256: event.body_sha256.toString('hex'),
    payload: event.payload && JSON.parse(event.payload.toString('utf8')),
    removed_by_retention: event.payload === null,
    deliveries: rows.map((row): DeliveryLogView =>
      Object.assign(toLogEntryView(row), {
        explanation: explain(row),
        attempt_log: (attempts.get(row.id) ?? []).map(toAttemptView),
      }),
    ),
  };
}
