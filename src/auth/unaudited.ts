import type { OperationId } from './policy.js';

const SESSIONS = 'sessions come and go with every sign-in, which anybody may try';
const EVENTS = 'events have a log of their own';
const READS = 'reads; its question is only too long for a query';

/**
 * Operations that are no GET and yet leave no row in the audit log, each with the reason. Everything else calls
 * `audit.record` in the transaction of its change.
 */
export const unaudited: Partial<Record<OperationId, string>> = {
  loginUser: SESSIONS,
  refreshSession: SESSIONS,
  logoutUser: SESSIONS,
  obtainTokenPair: SESSIONS,
  refreshTokenPair: SESSIONS,
  obtainToken: SESSIONS,
  recordLog: 'an entry of the log is never changed and says itself who recorded it',
  receiveData: EVENTS,
  receiveDataBatch: EVENTS,
  reconcileEvents: READS,
  reconcileAccountEvents: READS,
};
