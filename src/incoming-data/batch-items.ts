import { setImmediate as turn } from 'node:timers/promises';
import { Problem, invalid } from '../common/errors/problem.js';
import { EVENT_ID_RULE, isEventId } from './event-id.js';
import { MAX_DEPTH, bytesProblem, eventTypeOf, parseJson, parseValue } from './json-body.js';
import {
  type RawItem,
  type RawMember,
  findShapeProblem,
  isArray,
  membersOf,
  splitItems,
} from './raw-items.js';

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
/** After which the next item waits until everybody else had a turn. */
const TURN_MS = 5;

/**
 * The items of a batch, each with its event or with what is wrong with it. They are parsed one by one, with turns for
 * everybody else: all of a large body at once takes half a second.
 * @throws Problem when the body as a whole is no batch.
 */
export async function readBatch(body: Buffer, rules: ItemRules): Promise<(BatchItem | Problem)[]> {
  const read: (BatchItem | Problem)[] = [];
  let since = performance.now();
  for (const { at, bytes } of itemsOf(body)) {
    if (performance.now() - since > TURN_MS) {
      await turn();
      since = performance.now();
    }
    read.push(readItem(bytes, at, rules));
  }
  return read;
}

/** @throws Problem */
function itemsOf(body: Buffer): RawItem[] {
  const shapeProblem = findShapeProblem(body, { items: MAX_BATCH_EVENTS, members: MAX_MEMBERS });
  if (shapeProblem !== null) throw invalid('body', shapeProblem);
  const bytesAre = bytesProblem(body, MAX_BATCH_DEPTH);
  if (bytesAre !== null) throw invalid('body', bytesAre);
  const items = isArray(body) ? splitItems(body) : (parseJson(body, MAX_BATCH_DEPTH) as string);
  if (typeof items === 'string') throw invalid('body', items);
  if (items.length === 0)
    throw invalid('body', `must have 1 to ${MAX_BATCH_EVENTS} events; this one has none`);
  return items;
}

/** @param at of the body @throws Problem where the item, and so the body, is no JSON */
function readItem(item: Buffer, at: number, { requireEventId, maxBytes }: ItemRules): BatchItem | Problem {
  const parsed = parseValue(item, at);
  if ('problem' in parsed) throw invalid('body', parsed.problem);
  const members = membersOf(item);
  if (members === null) return invalid('item', 'must be an object with "data" and maybe "event_id"');
  const { event_id: eventId, data } = parsed.value as Record<string, unknown>;
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
