import type { EntityManager } from 'typeorm';
import { type Replay, insertReplays } from '../events/replay-rows.js';
import { DUE_SOON_SECONDS, PAGE_EVERY_MS } from './pace.js';
import { type SeenDelivery, type Walk, seeNext } from './page-rows.js';

/** Whoever works on a walk has it alone; others take the next one. */
const NEXT_WALK = `
  SELECT p.recovery_id, p.destination_id, p.walked_to, r.account_id, a.account_name, r.status, r.event_type,
    r.to_at, r.created_at, p.next_page_at <= now() AS is_due
  FROM recovery_destinations p
  JOIN recoveries r ON r.id = p.recovery_id JOIN accounts a ON a.id = r.account_id
  WHERE r.state = 'running' AND p.ended_at IS NULL AND a.deleted_at IS NULL
  ORDER BY p.next_page_at LIMIT 1
  FOR NO KEY UPDATE OF p SKIP LOCKED`;

/**
 * Locked against other recoveries and replays of the same events, and against being paused or deleted meanwhile. The
 * state is read again: whoever changes it locks the walks first, so now that we have this one it stays what it is.
 */
const LOCK_DESTINATION = `
  SELECT state <> 'active' AS is_held, max_in_flight - (SELECT count(*)::integer FROM (
      SELECT FROM deliveries WHERE destination_id = $1 AND due_at < now() + make_interval(secs => $2) LIMIT 1000
    ) due) AS room,
    (SELECT state FROM recoveries WHERE id = $3) = 'running' AS is_running
  FROM destinations WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`;

const MOVE_ON = `
  UPDATE recovery_destinations SET walked_to = $3, replayed = replayed + $4, skipped = skipped + $5,
    next_page_at = now() + make_interval(secs => $6), ended_at = CASE WHEN $7 THEN now() END
  WHERE recovery_id = $1 AND destination_id = $2`;

interface TargetRow {
  is_held: boolean;
  room: number;
  is_running: boolean;
}

export interface MadePage {
  /** Ids of the deliveries that are due. */
  due: string[];
  hasEnded: boolean;
}

/** @returns the walk that has waited longest, locked until the transaction ends; null where nothing runs. */
export async function takeWalk(manager: EntityManager): Promise<(Walk & { is_due: boolean }) | null> {
  const [walk]: (Walk & { is_due: boolean })[] = await manager.query(NEXT_WALK);
  return walk ?? null;
}

/** Makes the next deliveries of a walk, as many as its destination has room for, and remembers how far it came. */
export async function makePage(manager: EntityManager, walk: Walk): Promise<MadePage> {
  const { destination_id: id, recovery_id: recovery, walked_to: walkedTo } = walk;
  const [destination]: TargetRow[] = await manager.query(LOCK_DESTINATION, [id, DUE_SOON_SECONDS, recovery]);
  if (destination && !destination.is_running) return { due: [], hasEnded: false };
  if (!destination || destination.room <= 0)
    return moveOn(manager, walk, { walkedTo, skipped: 0, made: [], hasEnded: !destination });
  const { seen, seenBefore, isLast } = await seeNext(manager, walk, destination.room);
  const { wanted, skipped, stoppedAt } = choose(seen, destination.room);
  const made = await insertReplays(
    manager,
    wanted.map((row) => toReplay(walk, row, destination.is_held)),
  );
  const page = await moveOn(manager, walk, {
    walkedTo: stoppedAt ?? seenBefore,
    skipped,
    made,
    hasEnded: stoppedAt === null && isLast,
  });
  return destination.is_held ? { ...page, due: [] } : page;
}

/** What to make again of what was seen; it stops where there is no more room. */
function choose(seen: SeenDelivery[], room: number) {
  const wanted: SeenDelivery[] = [];
  let skipped = 0;
  let last: string | null = null;
  for (const row of seen) {
    if (wanted.length === room) return { wanted, skipped, stoppedAt: last };
    if (!row.is_covered && (row.is_made_again || row.bytes === null)) skipped++;
    else if (!row.is_covered) wanted.push(row);
    last = row.id;
  }
  return { wanted, skipped, stoppedAt: null };
}

const toReplay = (walk: Walk, row: SeenDelivery, isHeld: boolean): Replay => ({
  event: row.event,
  accountId: walk.account_id,
  destinationId: walk.destination_id,
  eventId: row.event_id,
  eventType: row.event_type,
  payloadBytes: row.bytes!,
  receivedAt: row.received_at,
  isHeld,
});

async function moveOn(
  manager: EntityManager,
  { recovery_id: recovery, destination_id: destination, walked_to: from }: Walk,
  {
    walkedTo,
    skipped,
    made,
    hasEnded,
  }: { walkedTo: string; skipped: number; made: string[]; hasEnded: boolean },
): Promise<MadePage> {
  // What needs nothing of the destination is passed at once.
  const waitMs = made.length === 0 && walkedTo !== from ? 0 : PAGE_EVERY_MS;
  const values = [recovery, destination, walkedTo, made.length, skipped, waitMs / 1000, hasEnded];
  await manager.query(MOVE_ON, values);
  return { due: made, hasEnded };
}
