import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import {
  type Account,
  type Destination,
  type Problem,
  type ProblemCode,
  type Receipt,
  connect,
} from '../../clients/typescript/index.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { compile, generateClient, root, runNode } from '../support/openapi.js';
import { type Receiver, startReceiver } from '../support/receiver.js';
import { waitFor } from '../support/wait-for.js';

/** For tests that start the compiler. */
const COMPILER_MS = 120_000;
const CLIENT = join(root, 'clients/typescript');
const credentials = { email: 'john123@gmail.com', password: 'Demo@123' };
const event = { event_type: 'user.update', data: { user: { id: 'USR-123' } } };

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-pusher-client-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const readTree = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .map((file) => [file.slice(path.length), readFileSync(file, 'utf8')]),
  );

describe('the sources of the client', () => {
  it(
    'are what the generator makes of openapi.json: run "npm run openapi" and commit what it writes',
    async () => {
      await generateClient(join(folder, 'generated'));
      const committed = readTree(join(CLIENT, 'generated'));
      const generated = readTree(join(folder, 'generated'));
      expect(Object.keys(committed).sort()).toEqual(Object.keys(generated).sort());
      const stale = Object.keys(generated).filter((file) => generated[file] !== committed[file]);
      expect(stale).toEqual([]);
    },
    COMPILER_MS,
  );
});

describe('the client against the product', () => {
  let app: TestApp;
  let receiver: Receiver;
  let baseUrl: string;
  let admin: ReturnType<typeof connect>;
  let account: Account;
  let destination: Destination;
  let receipt: Receipt;

  beforeAll(async () => {
    app = await createTestApp();
    receiver = await startReceiver();
    baseUrl = app.url;
  });

  afterAll(async () => {
    await app?.close();
    await receiver?.close();
  });

  it('registers and signs in', async () => {
    const anybody = connect({ baseUrl });
    const registered = await anybody.registerUser({ body: credentials, throwOnError: true });
    expect(registered.response.status).toBe(201);
    expect(registered.data).toMatchObject({ email: credentials.email, role: 'Admin' });
    const { data: session } = await anybody.loginUser({ body: credentials, throwOnError: true });
    admin = connect({ baseUrl, token: session.access_token });
    expect((await admin.getProfile({ throwOnError: true })).data.email).toBe(credentials.email);
  });

  it('makes an account, a destination and a member', async () => {
    const body = { account_name: 'Webhook Test Account', website: 'https://webhook.site' };
    account = (await admin.createAccount({ body, throwOnError: true })).data;
    const path = { accountId: account.id };
    const headers = { APP_ID: '1234' };
    const created = await admin.createDestination({
      path,
      body: { url: `${receiver.url}/hook`, http_method: 'PUT', headers },
      throwOnError: true,
    });
    destination = created.data;
    expect(destination).toMatchObject({ account_id: account.id, http_method: 'PUT', headers });
    expect(created.response.headers.get('etag')).toBe('"1"');
    const member = { email: 'jane@example.com', role_name: 'User' } as const;
    const invited = await admin.createMember({ path, body: member, throwOnError: true });
    expect(invited.data).toMatchObject({ ...member, status: 'invited', invite_token: expect.any(String) });
  });

  it('changes one field and leaves the others as they are', async () => {
    const path = { accountId: account.id, destinationId: destination.id };
    const body = { description: 'Orders' };
    const { data } = await admin.patchDestination({
      path,
      body,
      headers: { 'If-Match': '"1"' },
      throwOnError: true,
    });
    expect(data).toEqual({ ...destination, ...body, version: 2, updated_at: expect.any(String) });
    const late = await admin.patchDestination({ path, body, headers: { 'If-Match': '"1"' } });
    expect(late.error?.code).toBe('precondition_failed');
  });

  it('sends an event, which arrives byte for byte', async () => {
    const producer = connect({ baseUrl, accountToken: account.app_secret_token });
    const sent = await producer.receiveData({
      body: event,
      headers: { 'CL-X-EVENT-ID': 'order-1' },
      throwOnError: true,
    });
    receipt = sent.data;
    expect(sent.response.status).toBe(202);
    expect(sent.response.headers.get('ratelimit-policy')).toBe('"account";q=5;w=1');
    expect(receipt).toMatchObject({ success: true, event_id: 'order-1', destinations: [destination.id] });
    const request = await waitFor(() => receiver.requests[0], { what: 'the delivery' });
    expect(request).toMatchObject({ method: 'PUT', url: '/hook' });
    expect(request.headers).toMatchObject({ app_id: '1234', 'cl-x-event-id': 'order-1' });
    expect(request.body.toString()).toBe(JSON.stringify(event));
  });

  it('reads what became of it, and lists page by page', async () => {
    const path = { accountId: account.id, eventId: receipt.event_id };
    const log = await waitFor(async () => {
      const { data } = await admin.getEventLog({ path, throwOnError: true });
      return data.deliveries[0]?.status === 'success' && data;
    });
    expect(log.payload).toEqual(event);
    expect(log.deliveries[0]).toMatchObject({ destination_id: destination.id, attempts: 1 });
    const second = { account_name: 'Another' };
    await admin.createAccount({ body: second, throwOnError: true });
    const first = await admin.listAccounts({ query: { limit: 1 }, throwOnError: true });
    expect(first.data.data.map(({ account_name: name }) => name)).toEqual(['Another']);
    const cursor = first.data.page.next!;
    const rest = await admin.listAccounts({ query: { limit: 1, cursor }, throwOnError: true });
    expect(rest.data.data.map(({ id }) => id)).toEqual([account.id]);
    expect(rest.data.page.next).toBeNull();
  });

  it('sends the event again', async () => {
    const path = { accountId: account.id, eventId: receipt.event_id };
    const { data, response } = await admin.replayEvent({ path, body: {}, throwOnError: true });
    expect(response.status).toBe(202);
    expect(data.deliveries.map(({ destination_id: id }) => id)).toEqual([destination.id]);
    const request = await waitFor(() => receiver.requests[1], { what: 'the replay' });
    expect(request.body).toEqual(receiver.requests[0]!.body);
  });

  it('has a typed problem for everything that goes wrong', async () => {
    const { data, error, response } = await admin.createAccount({ body: { account_name: '' } });
    expectTypeOf(error).toEqualTypeOf<Problem | undefined>();
    expectTypeOf<Problem['code']>().toEqualTypeOf<ProblemCode>();
    expect(data).toBeUndefined();
    expect(response?.status).toBe(400);
    expect(error).toMatchObject({ code: 'invalid_data', errors: [{ field: 'account_name' }] });
    const anonymous = await connect({ baseUrl }).listAccounts();
    expect(anonymous.error?.code).toBe('unauthenticated');
    const path = { accountId: account.id, destinationId: account.id };
    await expect(admin.getDestination({ path, throwOnError: true })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it(
    'compiles under strict, and its example runs as plain JavaScript',
    async () => {
      const copy = join(folder, 'copy');
      cpSync(CLIENT, copy, { recursive: true });
      await compile(copy);
      const program =
        "import { sendFirstEvent } from './dist/example.js'; console.log(await sendFirstEvent(...process.argv.slice(1)))";
      const { email, password } = credentials;
      const given = [baseUrl, email, password, `${receiver.url}/hook`];
      const printed = await runNode(['--input-type=module', '-e', program, ...given], copy);
      expect(printed).toMatch(/^Data Received as [0-9a-f-]{36}\n$/);
    },
    COMPILER_MS,
  );
});
