/**
 * Who may call what: one row per operation of the API, named by its operationId. It drives the guard, the
 * OpenAPI document and the access tests; a controller method without a row does not compile.
 *
 * - public: anybody
 * - user: everybody who is signed in; the answer holds only what the caller may see
 * - admin: Admins
 * - member: members of the account in the path, and Admins
 * - accountAdmin: Admins of the account in the path, and Admins
 */
export type AccessLevel = 'public' | 'user' | 'admin' | 'member' | 'accountAdmin';

export const policy = {
  registerUser: 'public',
  loginUser: 'public',
  refreshSession: 'public',
  logoutUser: 'user',
  getProfile: 'user',
  updateProfile: 'user',
  listUsers: 'admin',

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

  createMember: 'accountAdmin',
  listMembers: 'member',
  getMember: 'member',
  updateMember: 'accountAdmin',
  deleteMember: 'accountAdmin',

  listLogs: 'member',
  getEventLog: 'member',
  getStorage: 'admin',

  getReconciliation: 'admin',
  reconcileEvents: 'admin',
  getAccountReconciliation: 'member',
  reconcileAccountEvents: 'member',

  receiveData: 'public',
  checkLive: 'public',
  checkReady: 'public',
} as const satisfies Record<string, AccessLevel>;

export type OperationId = keyof typeof policy;
