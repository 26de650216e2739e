import { uuidv7 } from '../uuid.js';

const SANE = /^[\w.:@-]{1,128}$/;

/** The caller's X-Request-Id when it is a sane one, else a new id. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && SANE.test(header) ? header : uuidv7();
}
