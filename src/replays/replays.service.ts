import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Audit } from '../audit/audit.service.js';
import { Problem, invalid, notFound } from '../common/errors/problem.js';
import type { DestinationState } from '../destinations/destination.entity.js';
import { compileFilter } from '../destinations/event-type-filter.js';
import { insertReplays } from '../events/replay-rows.js';
import { ReplayHints } from './replay-hints.js';
import type { ReplayView } from './replays.dto.js';

/** An event by its key, which outlives its body; the other fields are null once that was removed. */
interface EventRow {
  event: string;
  account_name: string;
  event_type: string | null;
  bytes: number | null;
  received_at: Date | null;
}

interface TargetRow {
  id: string;
  event_types: string[];
  state: DestinationState;
}

/** Sends single events again: the same bytes and event id, in deliveries of their own. */
@Injectable()
export class ReplaysService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly hints: ReplayHints,
    private readonly audit: Audit,
  ) {}

  /** @param destinationIds undefined means every active destination that takes such events now. */
  async replay(accountId: string, eventId: string, destinationIds?: string[]): Promise<ReplayView> {
    const event = await this.findEvent(accountId, eventId);
    const { event_type: eventType, bytes, received_at: receivedAt } = event;
    if (bytes === null || receivedAt === null)
      throw new Problem(
        'event_removed',
        'The body of this event was removed by retention (PAYLOAD_RETENTION_DAYS); its producer has to send it again.',
      );
    const deliveries = await this.dataSource.transaction(async (manager) => {
      const targets = destinationIds
        ? await lockNamed(manager, accountId, destinationIds)
        : await lockTaking(manager, accountId, eventType);
      const known = { event: event.event, accountId, eventId, eventType, payloadBytes: bytes, receivedAt };
      const replays = targets.map(({ id, state }) =>
        Object.assign({ destinationId: id, isHeld: state !== 'active' }, known),
      );
      const ids = await insertReplays(manager, replays);
      const destination_ids = replays.map(({ destinationId }) => destinationId);
      await this.audit.record(manager, {
        target: { type: 'event', id: event.event },
        accountId,
        after: { event_id: eventId, destination_ids, delivery_ids: ids },
      });
      return replays.map(({ destinationId, isHeld }, index) => ({
        id: ids[index]!,
        destination_id: destinationId,
        status: isHeld ? ('held' as const) : ('pending' as const),
      }));
    });
    const due = deliveries.filter(({ status }) => status === 'pending').map(({ id }) => id);
    this.hints.send({ id: accountId, name: event.account_name }, 1, due);
    return { id: event.event, event_id: eventId, delivery_ids: deliveries.map(({ id }) => id), deliveries };
  }

  private async findEvent(accountId: string, eventId: string): Promise<EventRow> {
    // PostgreSQL takes no NUL, so no event has one in its id.
    const [event]: EventRow[] = eventId.includes('\0')
      ? []
      : await this.dataSource.query(
          `SELECT k.event, a.account_name, e.event_type, octet_length(e.payload) AS bytes, e.received_at
           FROM event_keys k JOIN accounts a ON a.id = k.account_id
           LEFT JOIN events e ON e.account_id = k.account_id AND e.id = k.event
           WHERE k.account_id = $1 AND k.event_id = $2`,
          [accountId, eventId],
        );
    if (!event) throw notFound('event');
    return event;
  }
}

/** Locked, so that none of them is paused, deleted or resumed before the deliveries are there to follow. */
const lockTargets = (manager: EntityManager, accountId: string, ids: string[] | null): Promise<TargetRow[]> =>
  manager.query(
    `SELECT id, event_types, state FROM destinations
     WHERE account_id = $1 AND deleted_at IS NULL AND ($2::uuid[] IS NULL OR id = ANY($2)) ORDER BY id FOR SHARE`,
    [accountId, ids],
  );

async function lockNamed(manager: EntityManager, accountId: string, wanted: string[]): Promise<TargetRow[]> {
  const ids = [...new Set(wanted.map((id) => id.toLowerCase()))];
  if (ids.length === 0)
    throw invalid('destination_ids', 'must name a destination; leave it out for every active one');
  const targets = await lockTargets(manager, accountId, ids);
  const found = new Set(targets.map(({ id }) => id));
  const unknown = ids.filter((id) => !found.has(id));
  if (unknown.length > 0)
    throw invalid('destination_ids', `names no destination of this account: ${unknown.join(', ')}`);
  return targets;
}

async function lockTaking(
  manager: EntityManager,
  accountId: string,
  eventType: string | null,
): Promise<TargetRow[]> {
  const targets = (await lockTargets(manager, accountId, null)).filter(
    ({ state, event_types: types }) => state === 'active' && compileFilter(types)(eventType),
  );
  if (targets.length === 0)
    throw new Problem(
      'conflict',
      'No active destination takes events of this type now. Name others in destination_ids.',
    );
  return targets;
}
