import type { FastifyRequest } from 'fastify';
import { Problem, unavailable } from './common/errors/problem.js';
import { type Unavailability, unavailabilityOf, violatesForeignKey } from './database/pg-errors.js';
import { isIngest } from './incoming-data/ingest-body.js';

const NOTHING_STORED = 'Nothing was stored; send the request again.';

const sentences: Record<Unavailability, string> = {
  away: `The database cannot be reached right now. ${NOTHING_STORED}`,
  tooLong: `The database took too long and broke this off. ${NOTHING_STORED}`,
  busy: `Somebody else is changing the same things. ${NOTHING_STORED}`,
  refused: `The database cannot do this right now. ${NOTHING_STORED}`,
  unanswered:
    'The database has not answered. Nobody knows whether this was stored; look before you send it again.',
};

/**
 * Errors of the database that are nobody's fault are 503: trying again is the right answer to them. What was
 * checked and then deleted by somebody else a moment before the write is a conflict.
 * @param isRead whether the request had written nothing yet, see `onlyReads`
 */
export function translateError(error: unknown, isRead: boolean): Problem | null {
  if (violatesForeignKey(error))
    return new Problem('conflict', 'Something this refers to was deleted a moment ago. Read it again.');
  const why = unavailabilityOf(error);
  if (why === null) return null;
  const sentence =
    why === 'unanswered' && isRead ? `The database has not answered. ${NOTHING_STORED}` : sentences[why];
  return unavailable(sentence, 1, error);
}

/** Storing an event says by itself what became of it; before that, accepting one only looks things up. */
export const onlyReads = (request: FastifyRequest): boolean => request.method === 'GET' || isIngest(request);
