/** Moments at which a process may die, wait or fail; named by what happens next or has just happened. */
export type FaultPlace =
  | 'accept.before_begin'
  | 'accept.sent'
  | 'accept.after_commit'
  | 'queue.before_add'
  | 'claim.after'
  | 'attempt.before_connect'
  | 'attempt.after_request'
  | 'attempt.after_headers'
  | 'result.before_record'
  | 'retry.before_schedule'
  | 'partition.before_drop';

/**
 * Marks a place for the fault tests, whose build replaces this module (test/faults/build). What is shipped has
 * this one, which does nothing.
 */
export function failpoint(_place: FaultPlace): Promise<void> | undefined {
  return undefined;
}
