import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Problem, invalid, unavailable } from '../common/errors/problem.js';
import { Turns } from '../common/turns.js';
import { isTimeout } from '../database/pg-errors.js';
import { type Balance, readBalance } from './balance-statement.js';
import { countDeliveries, findEvents } from './event-rows.js';
import { type Period, readPeriod } from './period.js';
import type {
  AccountReconciliationView,
  ReconciledEventsView,
  ReconciliationQuery,
  ReconciliationView,
} from './reconciliation.dto.js';
import { toAccountReconciliationView, toReconciledEventViews, toReconciliationView } from './views.js';

/** Ids that many accounts use may match more events than one answer should hold. */
const MAX_MATCHES = 5000;
/** Counting is heavy: of the connections for management, most are left to the rest of it. */
const LIMITS = { atOnce: 2, waiting: 20 };

/** Shows that nothing is lost: what was accepted against what became of it. */
@Injectable()
export class ReconciliationService {
  private readonly turns = new Turns(LIMITS, () =>
    unavailable('Many reconciliations are being counted at this moment. Try again in a second.', 1),
  );

  constructor(private readonly dataSource: DataSource) {}

  async ofAll(query: ReconciliationQuery): Promise<ReconciliationView> {
    const period = readPeriod(query);
    return toReconciliationView(period, await this.read(period, null));
  }

  async ofAccount(accountId: string, query: ReconciliationQuery): Promise<AccountReconciliationView> {
    const period = readPeriod(query);
    return toAccountReconciliationView(accountId, period, await this.read(period, accountId));
  }

  /** @param accountId null looks in every account. */
  async ofEvents(accountId: string | null, eventIds: string[]): Promise<ReconciledEventsView> {
    const wanted = [...new Set(eventIds)];
    const events = await findEvents(this.dataSource, wanted, accountId, MAX_MATCHES + 1).catch(tellTimeout);
    if (events.length > MAX_MATCHES)
      throw invalid(
        'event_ids',
        `match more than ${MAX_MATCHES} events of all accounts; send fewer at a time`,
      );
    const counts = await countDeliveries(this.dataSource, events).catch(tellTimeout);
    return { data: toReconciledEventViews(wanted, events, counts) };
  }

  private read(period: Period, accountId: string | null): Promise<Balance> {
    return this.turns
      .take(() => readBalance(this.dataSource, period, accountId))
      .catch((error) => tellTimeout(error, 'from'));
  }
}

/** A count that takes too long is the question's doing: say which field makes it smaller. */
function tellTimeout(error: unknown, field: 'from' | 'event_ids' = 'event_ids'): never {
  if (!isTimeout(error)) throw error;
  const advice =
    field === 'from' ? 'Ask for a shorter period: move from closer to to' : 'Send fewer event_ids at a time';
  throw new Problem('unavailable', `Counting took too long. ${advice}.`, {
    errors: [{ field, message: 'asks for more than can be counted in time' }],
    headers: { 'retry-after': '1' },
    cause: error,
  });
}
