import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type AccountScope, ofLivingAccount } from '../auth/account-scope.js';
import { invalid } from '../common/errors/problem.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { FIRST_ID } from '../common/uuid.js';
import { firstIdOf } from '../database/partitions.js';
import { deliveriesEndBefore } from '../events/delivery-ids.js';
import type { ListAllLogsQuery } from './flat-logs.dto.js';
import {
  type LogFilter,
  type LogRow,
  alsoWhere,
  logStatement,
  pageStatement,
  toLogEntryView,
} from './log-rows.js';
import { partsInWindows, windowsBefore } from './log-windows.js';
import type { LogEntryView } from './logs.dto.js';
import { LogsService, toFilter } from './logs.service.js';

/** An account and the event in it that has the producer's id asked for; null where only callers recorded it. */
interface EventOfAccount {
  account: string;
  event: string | null;
}

interface Statement {
  text: string;
  values: unknown[];
}

/** The log of several accounts as one list. */
@Injectable()
export class FlatLogsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly logs: LogsService,
  ) {}

  async list(scope: AccountScope, query: ListAllLogsQuery): Promise<Page<LogEntryView>> {
    if (scope !== 'all' && scope.length === 1) return this.logs.list(scope[0]!.accountId, query);
    if (query.q !== undefined) throw invalid('q', 'searches one account: send its account_id as well');
    const { text, values } =
      query.event_id === undefined
        ? acrossAccounts(scope, query)
        : acrossEvents(await this.findEvents(scope, query.event_id), query);
    const rows: LogRow[] = await this.dataSource.query(text, values);
    return toPage<LogRow, LogEntryView>(rows, query, toLogEntryView);
  }

  /** By way of the accounts, because the keys of events begin with the account. */
  private findEvents(scope: AccountScope, eventId: string): Promise<EventOfAccount[]> {
    return this.dataSource.query(
      `SELECT a.id AS account, k.event
       FROM accounts a LEFT JOIN event_keys k ON k.account_id = a.id AND k.event_id = $1
       WHERE a.deleted_at IS NULL AND ($2::uuid[] IS NULL OR a.id = ANY($2))
         AND (k.event IS NOT NULL OR a.id IN (SELECT account_id FROM manual_log_entries WHERE event_id = $1))`,
      [eventId, scope === 'all' ? null : scope.map(({ accountId }) => accountId)],
    );
  }
}

/**
 * What an index has in order of ids is read in it: a destination, or all accounts. Some accounts, and a type of all, are
 * in order only within each account, so they are read window by window.
 */
function acrossAccounts(scope: AccountScope, query: ListAllLogsQuery): Statement {
  const filter = toFilter(null, query);
  const add = (value: unknown) => `$${filter.values.push(value)}`;
  const living = ofLivingAccount('account_id');
  // As a subquery, because what so many may find takes longer to estimate than to read; sorted, as the index is.
  const accounts =
    scope !== 'all' &&
    `(ARRAY(SELECT unnest(${add(scope.map(({ accountId }) => accountId).toSorted())}::uuid[])))`;
  const list = (condition: string) => toStatement(alsoWhere(filter, condition), query);
  if (query.destination_id) {
    // A CASE as in `ofDestinations`: a destination has one account, which PostgreSQL does not know.
    const isOurs = accounts ? `CASE WHEN account_id = ANY ${accounts} THEN true END` : living;
    // Asked once as well, so that a long log of somebody else's destination is not read for nothing.
    return list(
      `EXISTS (SELECT FROM destinations WHERE id = ${add(query.destination_id)} AND ${isOurs}) AND ${isOurs}`,
    );
  }
  // The condition on attempts, which is always true, lets the indexes of all accounts serve.
  if (!accounts && !query.event_type) return list(`${living} AND attempts >= 0`);
  // Any account, said so that PostgreSQL expects to read what there is of a type instead of looking for each account.
  const ofType = `${living} AND account_id >= '${FIRST_ID}'`;
  const { first, end } = windowsBefore(readCursor(query) ?? idAt(query.to), idAt(query.from));
  const windows = { first: add(first), end: add(end) };
  const narrowed = alsoWhere(filter, accounts ? `account_id = ANY ${accounts}` : ofType);
  const limit = query.limit + 1;
  const parts = partsInWindows(narrowed, windows, limit).map((select) => `(${select} LIMIT ${limit})`);
  return { text: pageStatement(parts, limit), values: filter.values };
}

const idAt = (time?: string): string | null => (time ? firstIdOf(Date.parse(time)) : null);

function acrossEvents(found: EventOfAccount[], query: ListAllLogsQuery): Statement {
  const events = found.map(({ event }) => event);
  const filter = readEach(
    toFilter(null, query),
    {
      account: found.map(({ account }) => account),
      event: events,
      until: events.map((event) => event && deliveriesEndBefore(event)),
    },
    'event = mine.event AND id > mine.event AND id < mine.until',
  );
  return toStatement(filter, query);
}

const toStatement = (filter: LogFilter, { limit }: ListAllLogsQuery): Statement => ({
  text: logStatement(filter, limit + 1),
  values: filter.values,
});

/** @param columns of `mine`, one row for each page to read. */
function readEach(
  filter: LogFilter,
  columns: Record<string, (string | null)[]>,
  ofDelivery: string,
): LogFilter {
  const names = Object.keys(columns);
  const parameters = names.map((_, index) => `$${filter.values.length + index + 1}::uuid[]`);
  const narrowed = alsoWhere(filter, 'account_id = mine.account');
  return {
    ...narrowed,
    where: `${narrowed.where} AND ${ofDelivery}`,
    values: [...filter.values, ...Object.values(columns)],
    each: `unnest(${parameters.join(', ')}) AS mine (${names.join(', ')})`,
  };
}
