/**
 * Who may call what: one row per operation of the API, named by its operationId. It drives the guard, the
 * OpenAPI document and the access tests. `@Operation` takes no id but these; the guard lets nobody to a method without
 * one, and a test finds it.
 *
 * - public: anybody
 * - user: everybody who is signed in; the answer holds only what the caller may see
 * - admin: Admins
 * - member: members of the account in the path, and Admins
 * - accountAdmin: Admins of the account in the path, and Admins
 *
 * Where the path has no account, `accountPlaces` says what tells it.
 */
export type AccessLevel = 'public' | 'user' | 'admin' | 'member' | 'accountAdmin';

export const policy = {
  registerUser: 'public',
  loginUser: 'public',
  refreshSession: 'public',
  logoutUser: 'user',
  getProfile: 'user',
  updateProfile: 'user',
  createApiKey: 'user',
  listApiKeys: 'user',
  getApiKey: 'user',
  deleteApiKey: 'user',

  obtainTokenPair: 'public',
  refreshTokenPair: 'public',
  obtainToken: 'public',

  listUsers: 'admin',
  getUser: 'admin',
  createUser: 'admin',
  patchUser: 'admin',
  deleteUser: 'admin',

  createAccount: 'admin',
  listAccounts: 'user',
  getAccount: 'member',
  updateAccount: 'accountAdmin',
  patchAccount: 'accountAdmin',
  deleteAccount: 'admin',
  rotateAccountToken: 'accountAdmin',

  createDestination: 'accountAdmin',
  listDestinations: 'member',
  getDestination: 'member',
  updateDestination: 'member',
  patchDestination: 'member',
  deleteDestination: 'accountAdmin',
  pauseDestination: 'accountAdmin',
  resumeDestination: 'accountAdmin',
  enableDestination: 'accountAdmin',
  getDestinationSecret: 'accountAdmin',
  rotateDestinationSecret: 'accountAdmin',
  testDestination: 'accountAdmin',
  getDestinationStats: 'member',
  getRetrySchedule: 'member',
  addDestination: 'accountAdmin',
  listAllDestinations: 'user',
  getDestinationById: 'member',
  updateDestinationById: 'member',
  patchDestinationById: 'member',
  deleteDestinationById: 'accountAdmin',

  createMember: 'accountAdmin',
  listMembers: 'member',
  getMember: 'member',
  updateMember: 'accountAdmin',
  deleteMember: 'accountAdmin',
  addMember: 'accountAdmin',
  listAllMembers: 'user',
  getMemberById: 'member',
  updateMemberById: 'accountAdmin',
  deleteMemberById: 'accountAdmin',

  listLogs: 'member',
  exportLogs: 'member',
  getEventLog: 'member',
  listAllLogs: 'user',
  listDestinationLogs: 'member',
  recordLog: 'member',
  replayEvent: 'accountAdmin',
  createRecovery: 'accountAdmin',
  listRecoveries: 'accountAdmin',
  getRecovery: 'accountAdmin',
  startRecovery: 'accountAdmin',
  pauseRecovery: 'accountAdmin',
  resumeRecovery: 'accountAdmin',
  cancelRecovery: 'accountAdmin',
  getStorage: 'admin',
  listAudit: 'admin',
  listAccountAudit: 'accountAdmin',

  getReconciliation: 'admin',
  reconcileEvents: 'admin',
  getAccountReconciliation: 'member',
  reconcileAccountEvents: 'member',

  receiveData: 'public',
  receiveDataBatch: 'public',
  listReceivedEvents: 'member',
  getReceivedEvent: 'member',
  checkLive: 'public',
  checkReady: 'public',
} as const satisfies Record<string, AccessLevel>;

export type OperationId = keyof typeof policy;

/**
 * What tells the account where the path does not.
 *
 * - body: its `account_id`, or `account`
 * - query: its `account_id`; without one the operation reads all the accounts that the caller may see
 * - destination, member: the item of that kind in the path
 */
export type AccountPlace = 'body' | 'query' | 'destination' | 'member';

export const accountPlaces: Partial<Record<OperationId, AccountPlace>> = {
  addDestination: 'body',
  listAllDestinations: 'query',
  getDestinationById: 'destination',
  updateDestinationById: 'destination',
  patchDestinationById: 'destination',
  deleteDestinationById: 'destination',

  addMember: 'body',
  listAllMembers: 'query',
  getMemberById: 'member',
  updateMemberById: 'member',
  deleteMemberById: 'member',

  listAllLogs: 'query',
  listDestinationLogs: 'destination',
  recordLog: 'body',
};

/**
 * What an API key may not do, whoever its user is: touch sessions, passwords, keys, users and members. So nobody
 * that a leaked key let in stays once it is revoked. What was read with it, account tokens and signing secrets,
 * goes on working until it is rotated.
 */
export const sessionsOnly: ReadonlySet<OperationId> = new Set([
  'logoutUser',
  'updateProfile',
  'createApiKey',
  'deleteApiKey',
  'createUser',
  'patchUser',
  'deleteUser',
  'createMember',
  'addMember',
  'updateMember',
  'updateMemberById',
  'deleteMember',
  'deleteMemberById',
]);
