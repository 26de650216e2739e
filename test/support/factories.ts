import type { TestApp } from './app.js';

export interface TestUser {
  email: string;
  password: string;
  token: string;
  refreshToken: string;
  user: { id: string; email: string; role: string };
}

export interface TestAccount {
  id: string;
  account_name: string;
  app_secret_token: string;
}

/** An id of the right form that nothing has. */
export const UNKNOWN = '01920000-0000-7000-8000-000000000000';

let counter = 0;
const unique = () => `${Date.now().toString(36)}${counter++}`;

/** Registers somebody and signs them in. The first one of a database is its Admin. */
export async function registerUser(
  app: TestApp,
  options: { invite_token?: string; email?: string } = {},
): Promise<TestUser> {
  const email = options.email ?? `user-${unique()}@example.com`;
  const password = 'Demo@123-long';
  const invite = options.invite_token ? { invite_token: options.invite_token } : {};
  const registered = await app.call('POST', '/user/register', { body: { email, password, ...invite } });
  if (registered.status !== 201)
    throw new Error(`register answered ${registered.status}: ${JSON.stringify(registered.body)}`);
  const { body, status } = await app.call('POST', '/user/login', { body: { email, password } });
  if (status !== 200) throw new Error(`login answered ${status}: ${JSON.stringify(body)}`);
  return { email, password, token: body.access_token, refreshToken: body.refresh_token, user: body.user };
}

export const registerAdmin = (app: TestApp): Promise<TestUser> => registerUser(app);

export async function createAccount(app: TestApp, admin: TestUser, body: object = {}): Promise<TestAccount> {
  const answer = await app.call('POST', '/accounts', {
    token: admin.token,
    body: { account_name: `Account ${unique()}`, ...body },
  });
  if (answer.status !== 201)
    throw new Error(`account answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export async function addMember(
  app: TestApp,
  admin: TestUser,
  account: TestAccount,
  user: TestUser,
  role: 'Admin' | 'User',
): Promise<{ id: string }> {
  const answer = await app.call('POST', `/accounts/${account.id}/members`, {
    token: admin.token,
    body: { email: user.email, role_name: role },
  });
  if (answer.status !== 201)
    throw new Error(`member answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export async function createDestination(
  app: TestApp,
  admin: TestUser,
  account: TestAccount,
  body: { url: string } & Record<string, unknown>,
): Promise<{ id: string }> {
  const answer = await app.call('POST', `/accounts/${account.id}/destinations`, { token: admin.token, body });
  if (answer.status !== 201)
    throw new Error(`destination answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Lifts the 5 per second of an account, for tests about something else. */
export async function unlimited(app: TestApp, admin: TestUser, account: TestAccount): Promise<void> {
  const answer = await app.call('PATCH', `/accounts/${account.id}`, {
    token: admin.token,
    body: { rate_limit_per_second: 100_000 },
  });
  if (answer.status !== 200)
    throw new Error(`limit answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}
