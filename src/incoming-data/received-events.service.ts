import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { notFound } from '../common/errors/problem.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { firstIdOf, timeOf } from '../database/partitions.js';
import {
  LISTED_PAYLOAD_BYTES,
  type ListReceivedEventsQuery,
  type ReceivedEventRow,
  type ReceivedEventView,
  toReceivedEventView,
} from './received-events.dto.js';

/** An id is made by a process, just before the database dates the event: never this much earlier or later. */
const ID_APART_MS = 60_000;

/** The size of a body that is stored apart is known without reading it. */
const LISTED = `
  SELECT e.id, e.account_id, e.event_id, e.event_type, e.received_at, e.destination_ids,
    octet_length(e.payload) AS size,
    CASE WHEN octet_length(e.payload) <= ${LISTED_PAYLOAD_BYTES} THEN e.payload END AS payload
  FROM events e`;

/** What producers sent, as they sent it; what became of it is in the log. */
@Injectable()
export class ReceivedEventsService {
  constructor(private readonly dataSource: DataSource) {}

  async list(accountId: string, query: ListReceivedEventsQuery): Promise<Page<ReceivedEventView>> {
    const values: unknown[] = [accountId];
    const conditions = ['e.account_id = $1'];
    const add = (condition: (parameter: string) => string, value: unknown): void => {
      if (value !== undefined && value !== null) conditions.push(condition(`$${values.push(value)}`));
    };
    add((p) => `e.id < ${p}`, readCursor(query));
    // The index knows times as ranges of ids.
    add((p) => `e.id >= ${p}`, query.from && firstIdOf(Date.parse(query.from) - ID_APART_MS));
    add((p) => `e.id < ${p}`, query.to && firstIdOf(Date.parse(query.to) + ID_APART_MS));
    add((p) => `e.received_at >= ${p}`, query.from);
    add((p) => `e.received_at < ${p}`, query.to);
    add((p) => `e.event_type = ${p}`, query.event_type);
    add(
      (p) => `e.id = (SELECT event FROM event_keys WHERE account_id = $1 AND event_id = ${p})`,
      query.event_id,
    );
    const rows: ReceivedEventRow[] = await this.dataSource.query(
      `${LISTED} WHERE ${conditions.join(' AND ')} ORDER BY e.id DESC LIMIT ${query.limit + 1}`,
      values,
    );
    return toPage(rows, query, toReceivedEventView);
  }

  /** An event by the producer's id. Its key is remembered longer than the rest of it. */
  async get(accountId: string, eventId: string): Promise<ReceivedEventView> {
    // PostgreSQL takes no NUL, so no event has one in its id.
    const [row]: ReceivedEventRow[] = eventId.includes('\0')
      ? []
      : await this.dataSource.query(
          `SELECT k.event AS id, k.account_id, k.event_id, e.event_type, e.received_at, e.payload,
             octet_length(e.payload) AS size, e.destination_ids
           FROM event_keys k LEFT JOIN events e ON e.account_id = k.account_id AND e.id = k.event
           WHERE k.account_id = $1 AND k.event_id = $2`,
          [accountId, eventId],
        );
    if (!row) throw notFound('event');
    return toReceivedEventView({ ...row, received_at: row.received_at ?? new Date(timeOf(row.id)) });
  }
}
