import { DemoError, bodyOf } from './api.mjs';

const RATE_LIMIT_PER_SECOND = 200;
const ANOTHER_USER = "set DEMO_EMAIL and DEMO_PASSWORD to an Admin's";

export async function checkServer(api) {
  const { status, body } = await api.call('GET', '/health/ready').catch(() => {
    throw new DemoError(`No server answers at ${api.base}: start it with npm start in another terminal.`);
  });
  if (status === 503) throw new DemoError(`The server at ${api.base} is not ready: ${JSON.stringify(body)}`);
  if (status !== 200)
    throw new DemoError(`What answers at ${api.base} is not Data Pusher: set DATA_PUSHER_URL.`);
}

/** Registers the Admin of the demo unless the e-mail is known, and signs in. */
export async function signIn(api, { email, password }) {
  const credentials = { json: { email, password } };
  const registered = await api.call('POST', '/api/user/register', credentials);
  // Known, or registration is limited or not open: whichever it is, this may be an Admin.
  if (![403, 409, 429].includes(registered.status)) bodyOf(registered, 201);
  const session = await api.call('POST', '/api/user/login', credentials);
  if (session.status === 401)
    throw new DemoError(`${email} cannot sign in with this password: ${ANOTHER_USER}.`);
  const { access_token: token, user } = bodyOf(session, 200);
  if (user.role !== 'Admin')
    throw new DemoError(`${email} is not an Admin, somebody else was first: ${ANOTHER_USER}.`);
  api.token = token;
  return registered.status === 201
    ? `Made the first Admin ${email} with the password ${password}: change it before others reach the server.`
    : `Signed in as ${email}.`;
}

export async function createAccount(api) {
  const name = `Demo ${new Date().toISOString().replace('T', ' ').slice(0, 19)}`;
  const { id } = bodyOf(await api.call('POST', '/api/accounts', { json: { account_name: name } }), 201);
  const raised = { json: { rate_limit_per_second: RATE_LIMIT_PER_SECOND } };
  const account = bodyOf(await api.call('PATCH', `/api/accounts/${id}`, raised), 200);
  return { id, name, eventToken: account.app_secret_token, rateLimit: account.rate_limit_per_second };
}

export async function createDestination(api, account, { name, url }) {
  const json = { url, description: `The ${name} receiver of the demo` };
  const answer = await api.call('POST', `/api/accounts/${account.id}/destinations`, { json });
  if (answer.body.errors?.some(({ field }) => field === 'url'))
    throw new DemoError(`The server may not send to ${url}: start it with EGRESS_ALLOW=loopback.`);
  return bodyOf(answer, 201).id;
}
