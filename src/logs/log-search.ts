import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { likePattern } from '../common/http/like-pattern.js';
import { FIRST_ID } from '../common/uuid.js';
import { firstIdOf, timeOf } from '../database/partitions.js';
import { DELIVERY_DATED_AFTER_MS, deliveriesEndBefore } from '../events/delivery-ids.js';
import { sqlSearchedText } from '../search/searched-text.js';
import { spellingsOf } from '../search/spellings.js';
import { type Places, TextSearch, endOfTime } from '../search/text-search.js';
import { type Found, type WalkedRow, inRanges, newestOf, toFound, walk } from '../search/walks.js';
import { partsInWindows, windowsBefore } from './log-windows.js';
import {
  type LogFilter,
  type LogRow,
  alsoWhere,
  pageStatement,
  partsOf,
  partsWithErrors,
  ofDestinations,
} from './log-rows.js';

/** Deliveries one call reads at most with their payload, and with their error; who wants more reads on. */
const MAX_PAYLOADS = 200;
const MAX_ERRORS = 2400;
/** With more destinations that have the text in their URL, the whole log is walked for any of them. */
const MAX_WALKED_DESTINATIONS = 16;
const MAX_OF_DESTINATIONS = 5000;

/** What to find in the log of an account, with every other filter. */
export interface LogQuery {
  accountId: string;
  text: string;
  filter: LogFilter;
  /** Ids of deliveries: from one on and before another one; null for no bound. */
  from: string | null;
  before: string | null;
  /** The only event it is about, so that nothing has to be looked for; null where there is none of that id. */
  event?: string | null;
}

/**
 * Finds text in the id, the payload and the error of a delivery and in the URL of its destination. Each of these has
 * a walk of its own through the rows that the other filters leave, newest first and bounded, so that a text which is
 * everywhere ends with the page and one which is nowhere ends as well. What is older than any walk came to is left
 * to the next call.
 */
@Injectable()
export class LogSearch {
  constructor(
    private readonly dataSource: DataSource,
    private readonly texts: TextSearch,
  ) {}

  /** @param limit rows wanted; one more than a page tells whether there is another. */
  async find(asked: LogQuery, limit: number): Promise<Found<LogRow>> {
    const query = asked.before ? asked : { ...asked, filter: untilNow(asked.filter) };
    const destinations = await this.findDestinations(query);
    const places = await this.findPlaces(query);
    const stop = stopOf(places);
    // What is older is left to the next call, so PostgreSQL need not even think of the partitions it is in.
    const bounded = stop
      ? { ...query, filter: alsoWhere(query.filter, `id >= ${addValue(query.filter, stop)}::uuid`) }
      : query;
    const parts = [
      ...payloadWalks(bounded, places, limit),
      ...errorWalks(bounded, limit),
      ...destinationWalks(bounded, destinations, limit),
    ];
    if (parts.length === 0) return { rows: [], seenDownTo: stop };
    const rows: WalkedRow<LogRow>[] = await this.dataSource.query(
      pageStatement(parts, parts.length * limit),
      query.filter.values,
    );
    return toFound(rows, stop);
  }

  private async findDestinations({ accountId, text }: LogQuery): Promise<string[]> {
    const rows: { id: string }[] = await this.dataSource.query(
      'SELECT id FROM destinations WHERE account_id = $1 AND url ILIKE $2',
      [accountId, likePattern(text)],
    );
    return rows.map(({ id }) => id);
  }

  private findPlaces({ accountId, text, from, before, event }: LogQuery): Promise<Places> | Places {
    const nowhere = { uncovered: null, ranges: [], bodiesAfter: FIRST_ID, lookedAfter: null };
    if (event === null) return nowhere;
    if (event)
      return { ...nowhere, ranges: [{ after: event, upTo: event }], bodiesAfter: firstIdOf(timeOf(event)) };
    const after = from && firstIdOf(timeOf(from) - DELIVERY_DATED_AFTER_MS);
    return this.texts.find(accountId, text, { after, before });
  }
}

/** Deliveries of an event are dated after it, so those of the last event looked at end a little later. */
const stopOf = ({ lookedAfter }: Places): string | null => lookedAfter && deliveriesEndBefore(lookedAfter);

function payloadWalks(
  { text, filter }: LogQuery,
  { uncovered, ranges, bodiesAfter }: Places,
  limit: number,
): string[] {
  if (!uncovered && ranges.length === 0) return [];
  const patterns = addValue(filter, spellingsOf(text).map(likePattern));
  const most = MAX_PAYLOADS;
  const walks: string[] = [];
  if (uncovered) {
    const parts = partsOf(alsoWhere(filter, `id > ${addValue(filter, uncovered)}::uuid`));
    const select = newestOf(parts.map((part) => `${part} ORDER BY id DESC LIMIT ${most}`));
    const isHit = hasText(
      filter,
      patterns,
      firstIdOf(Math.max(0, timeOf(uncovered) - DELIVERY_DATED_AFTER_MS)),
    );
    walks.push(walk(select, { isHit, most, limit }));
  }
  if (ranges.length > 0) {
    const first = addValue(
      filter,
      ranges.map(({ after }) => after),
    );
    const end = addValue(
      filter,
      ranges.map(({ upTo }, index) => endOf(upTo, ranges[index - 1]?.after ?? uncovered)),
    );
    const parts = partsOf(alsoWhere(filter, `id > ${addValue(filter, ranges.at(-1)!.after)}::uuid`));
    const isHit = hasText(filter, patterns, bodiesAfter);
    walks.push(walk(inRanges(parts, { first, end, most }), { isHit, most, limit }));
  }
  return walks;
}

/**
 * SQL that tells whether the event of a row has the text in its id or its payload. The bounds spare PostgreSQL
 * partitions; OFFSET keeps the test of the text out of them, or each would be planned with a copy of its own.
 */
const hasText = (filter: LogFilter, patterns: string, bodiesAfter: string): string => `(
  event_id ILIKE ANY (${patterns}) OR coalesce((
    SELECT ${sqlSearchedText('body.payload')} ILIKE ANY (${patterns}) FROM (
      SELECT payload FROM events e WHERE e.account_id = walked.account_id AND e.id = walked.event
        AND e.id > ${addValue(filter, bodiesAfter)}::uuid AND e.id < ${addValue(filter, endOfTime())}::uuid
      OFFSET 0) body), false))`;

/** Deliveries end a little after their event, but no range goes into the newer one before it. */
function endOf(upTo: string, newer: string | null): string {
  const end = deliveriesEndBefore(upTo);
  return newer && newer < end ? newer : end;
}

function errorWalks({ text, filter }: LogQuery, limit: number): string[] {
  const parts = partsWithErrors(filter);
  if (parts.length === 0) return [];
  const isHit = `coalesce(last_error ILIKE ${addValue(filter, likePattern(text))}, false)`;
  const most = Math.ceil(MAX_ERRORS / parts.length);
  return parts.map((select) => walk(`${select} ORDER BY id DESC`, { isHit, most, limit }));
}

function destinationWalks({ filter, from, before }: LogQuery, ids: string[], limit: number): string[] {
  if (ids.length === 0) return [];
  const wanted = `${addValue(filter, ids)}::uuid[]`;
  if (ids.length > MAX_WALKED_DESTINATIONS) {
    const isHit = `coalesce(destination_id = ANY (${wanted}), false)`;
    const parts = partsOf(filter);
    const most = Math.ceil(MAX_OF_DESTINATIONS / parts.length);
    return parts.map((select) => walk(`${select} ORDER BY id DESC`, { isHit, most, limit }));
  }
  const windows = windowsBefore(before, from);
  const [first, end] = [addValue(filter, windows.first), addValue(filter, windows.end)];
  const ofAll = alsoWhere(ofDestinations(filter), `destination_id = ANY (${wanted})`);
  return partsInWindows(ofAll, { first, end }, limit).map((select) =>
    walk(select, { isHit: 'true', most: limit, limit }),
  );
}

const untilNow = (filter: LogFilter): LogFilter => ({
  ...filter,
  where: `${filter.where} AND id < ${addValue(filter, endOfTime())}::uuid`,
});

/** A parameter of the statement that the filter is for. */
const addValue = ({ values }: LogFilter, value: unknown): string => `$${values.push(value)}`;
