import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type AccountScope, ofLivingAccount } from '../auth/account-scope.js';
import { invalid } from '../common/errors/problem.js';
import { type Page, toPage } from '../common/http/page.js';
import { deliveriesEndBefore } from '../events/delivery-ids.js';
import type { ListAllLogsQuery } from './flat-logs.dto.js';
import { type LogFilter, type LogRow, logStatement, toLogEntryView } from './log-rows.js';
import type { LogEntryView } from './logs.dto.js';
import { LogsService, toFilter } from './logs.service.js';

/** An account and the event in it that has the producer's id asked for; null where only callers recorded it. */
interface EventOfAccount {
  account: string;
  event: string | null;
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
    const filter =
      query.event_id === undefined
        ? acrossAccounts(scope, query)
        : acrossEvents(await this.findEvents(scope, query.event_id), query);
    const rows: LogRow[] = await this.dataSource.query(logStatement(filter, query.limit + 1), filter.values);
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

/** Of several accounts each is read by itself, so that its own indexes serve; all are read by the ids alone. */
function acrossAccounts(scope: AccountScope, query: ListAllLogsQuery): LogFilter {
  const filter = toFilter(null, query);
  // The condition on attempts, which is always true, lets the indexes of all accounts serve.
  if (scope === 'all') return alsoWhere(filter, `${ofLivingAccount('account_id')} AND attempts >= 0`);
  const accounts = scope.map(({ accountId }) => accountId);
  return readEach(filter, { account: accounts });
}

function acrossEvents(found: EventOfAccount[], query: ListAllLogsQuery): LogFilter {
  const events = found.map(({ event }) => event);
  return readEach(
    toFilter(null, query),
    {
      account: found.map(({ account }) => account),
      event: events,
      until: events.map((event) => event && deliveriesEndBefore(event)),
    },
    'event = mine.event AND id > mine.event AND id < mine.until',
  );
}

/** @param columns of `mine`, one row for each page to read. */
function readEach(
  filter: LogFilter,
  columns: Record<string, (string | null)[]>,
  ofDelivery = 'true',
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

const alsoWhere = (filter: LogFilter, condition: string): LogFilter => ({
  ...filter,
  where: `${filter.where} AND ${condition}`,
  manual: `${filter.manual} AND ${condition}`,
});
