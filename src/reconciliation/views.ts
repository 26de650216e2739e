import { timeOf } from '../database/partitions.js';
import type { Balance, BalanceRow } from './balance-statement.js';
import type { DeliveryCountRow, KnownEventRow } from './event-rows.js';
import { stateOf } from './event-state.js';
import type { Period } from './period.js';
import type {
  AccountReconciliationView,
  BalanceView,
  ReconciledEventView,
  ReconciliationView,
} from './reconciliation.dto.js';
import { countByStatus } from './status-counts.js';

const time = (ms: number): string => new Date(ms).toISOString();

/** Balanced only when nothing is missing and nothing is too much: the two must not make up for each other. */
export function toBalanceView<Row extends BalanceRow>({ matched, missing, surplus, ...row }: Row) {
  return {
    ...row,
    matched_deliveries: matched,
    balanced: missing === 0 && surplus === 0,
    difference: missing - surplus,
    missing,
    surplus,
  } satisfies BalanceView;
}

export function toReconciliationView({ fromMs, toMs }: Period, balance: Balance): ReconciliationView {
  return {
    from: time(fromMs),
    to: time(toMs),
    complete_since: balance.keptSinceMs > fromMs ? time(balance.keptSinceMs) : null,
    accepted_events: balance.events,
    ...toBalanceView(balance.total),
    others: balance.others,
  };
}

export const toAccountReconciliationView = (
  accountId: string,
  period: Period,
  balance: Balance,
): AccountReconciliationView =>
  Object.assign(toReconciliationView(period, balance), {
    account_id: accountId,
    destinations: balance.destinations.map((row) => toBalanceView(row)),
  });

/** In the order of `eventIds`; an id that several accounts used has an entry for each. */
export function toReconciledEventViews(
  eventIds: string[],
  events: KnownEventRow[],
  counts: DeliveryCountRow[],
): ReconciledEventView[] {
  const eventsOf = groupBy(events, (event) => event.event_id);
  const countsOf = groupBy(counts, (count) => count.event);
  return eventIds.flatMap((id) => {
    const known = eventsOf
      .get(id)
      ?.map((event) => toReconciledEventView(event, countsOf.get(event.id) ?? []));
    return known ?? [toUnknownView(id)];
  });
}

function toReconciledEventView(event: KnownEventRow, rows: DeliveryCountRow[]): ReconciledEventView {
  const counts = countByStatus(rows.filter(({ is_first }) => is_first));
  return {
    event_id: event.event_id,
    state: stateOf(event.destination_ids?.length ?? null, counts),
    account_id: event.account_id,
    id: event.id,
    accepted_at: event.received_at?.toISOString() ?? time(timeOf(event.id)),
    body_sha256: event.body_sha256.toString('hex'),
    destinations: event.destination_ids,
    counts,
    others: countByStatus(rows.filter(({ is_first }) => !is_first)),
  };
}

const toUnknownView = (eventId: string): ReconciledEventView => ({
  event_id: eventId,
  state: 'unknown',
  account_id: null,
  id: null,
  accepted_at: null,
  body_sha256: null,
  destinations: null,
  counts: null,
  others: null,
});

function groupBy<Row>(rows: Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
