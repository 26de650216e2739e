import { invalid } from '../common/errors/problem.js';

export const EVENT_ID_HEADER = 'cl-x-event-id';
const EVENT_ID = /^[\x21-\x7e]{1,255}$/;

export const EVENT_ID_RULE = 'with 1 to 255 visible ASCII characters and no blanks';

export const isEventId = (value: unknown): value is string =>
  typeof value === 'string' && EVENT_ID.test(value);

/** The producer's id of the event; null where it sent none and need not. */
export function readEventId(header: string | string[] | undefined, isRequired: boolean): string | null {
  if (header === undefined) {
    if (isRequired) throw invalid('CL-X-EVENT-ID', 'is required by this account');
    return null;
  }
  // A repeated header arrives joined with ", ", whose blank is outside the allowed characters.
  if (!isEventId(header)) throw invalid('CL-X-EVENT-ID', `must be sent once, ${EVENT_ID_RULE}`);
  return header;
}
