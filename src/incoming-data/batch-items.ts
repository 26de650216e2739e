import { Problem, invalid } from '../common/errors/problem.js';
import { EVENT_ID_RULE, isEventId } from './event-id.js';
import { MAX_DEPTH, eventTypeOf, parseJson } from './json-body.js';
import { type RawMember, findShapeProblem, sliceItems } from './raw-items.js';

export const MAX_BATCH_EVENTS = 500;
/** An item with an unknown member is refused by itself; a flood of them is not read to its end. */
const MAX_MEMBERS = 20;

/** An event of a batch that passed its checks. */
export interface BatchItem {
  eventId: string | null;
  eventType: string | null;
  payload: Buffer;
}

/** What is asked of each item, as of an event that is sent by itself. */
export interface ItemRules {
  requireEventId: boolean;
  maxBytes: number;
}

/** An item is in an array and its data in the item: two levels above the event itself. */
const MAX_BATCH_DEPTH = MAX_DEPTH + 2;

const FIELDS = new Set(['event_id', 'data']);
const MAX_TOLD_LENGTH = 100;

/**
 * The items of a batch, each with its event or with what is wrong with it.
 * @throws Problem when the body as a whole is no batch.
 */
export function readBatch(body: Buffer, rules: ItemRules): (BatchItem | Problem)[] {
  const shapeProblem = findShapeProblem(body, { items: MAX_BATCH_EVENTS, members: MAX_MEMBERS });
  if (shapeProblem !== null) throw invalid('body', shapeProblem);
  const values = parseJson(body, MAX_BATCH_DEPTH);
  if (typeof values === 'string') throw invalid('body', values);
  if (!Array.isArray(values) || values.length === 0)
    throw invalid('body', `must have 1 to ${MAX_BATCH_EVENTS} events; this one has none`);
  return sliceItems(body).map((members, index) =>
    members === null
      ? invalid('item', 'must be an object with "data" and maybe "event_id"')
      : readItem(members, values[index] as Record<string, unknown>, rules),
  );
}

function readItem(
  members: RawMember[],
  { event_id: eventId, data }: Record<string, unknown>,
  { requireEventId, maxBytes }: ItemRules,
): BatchItem | Problem {
  const memberProblem = findMemberProblem(members);
  if (memberProblem) return memberProblem;
  if (eventId === undefined && requireEventId) return invalid('event_id', 'is required by this account');
  if (eventId !== undefined && !isEventId(eventId))
    return invalid('event_id', `must be text ${EVENT_ID_RULE}`);
  const bytes = members.find(({ key }) => key === 'data')?.value;
  if (!bytes) return invalid('data', 'is missing');
  if (bytes.length > maxBytes)
    return new Problem('payload_too_large', `data may have ${maxBytes} bytes; this one has ${bytes.length}.`);
  if (typeof data !== 'object' || data === null) return invalid('data', 'must be a JSON object or array');
  // A copy, because an event that waits for its delivery must not keep the whole batch in memory.
  return { eventId: eventId ?? null, eventType: eventTypeOf(data), payload: Buffer.from(bytes) };
}

/** JSON.parse takes the last of repeated members; nobody knows which one the producer meant. */
function findMemberProblem(members: RawMember[]): Problem | null {
  const seen = new Set<string>();
  for (const { key } of members) {
    if (!FIELDS.has(key)) return invalid(key.slice(0, MAX_TOLD_LENGTH), 'is not a known field');
    if (seen.has(key)) return invalid(key, 'is repeated');
    seen.add(key);
  }
  return null;
}
