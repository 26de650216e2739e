import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallOptions, type TestAnswer, type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  UNKNOWN,
  createAccount,
  registerAdmin,
} from '../support/factories.js';

let app: TestApp;
let admin: TestUser;
let account: TestAccount;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  account = await createAccount(app, admin);
});

afterAll(() => app?.close());

const call = (method: string, path: string, options: CallOptions = {}) =>
  app.call(method, path, { token: admin.token, ...options });
const post = (raw: string, headers: Record<string, string> = {}) =>
  call('POST', '/accounts', { raw, headers });

/** Sends the bytes as they are, for what an HTTP client would not send, and reads until the server hangs up. */
async function sendRaw(request: string): Promise<TestAnswer> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request);
  const [head, body] = (await text(socket)).split('\r\n\r\n') as [string, string];
  const [start, ...lines] = head.split('\r\n');
  const headers = new Headers(lines.map((line) => line.split(': ') as [string, string]));
  return { status: Number(start!.split(' ')[1]), headers, body: JSON.parse(body) };
}

function expectProblem(answer: TestAnswer, status: number, code: string, field?: string): void {
  expect(answer.body).toEqual({
    type: `urn:data-pusher:problem:${code}`,
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/^\S.*\w[^.]?\.$/s),
    code,
    request_id: answer.headers.get('x-request-id'),
    errors: field === undefined ? expect.any(Array) : [{ field, message: expect.any(String) }],
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  if (status === 400) expect(answer.body.title).toBe('Invalid Data');
}

describe('an address that does not exist', () => {
  it.each([
    ['GET', '/api/nothing'],
    ['GET', '/nothing'],
    ['GET', '/'],
    ['GET', '/api'],
    ['GET', '/api//accounts'],
    ['GET', '/health/nothing'],
    ['GET', '/swagger/nothing.js'],
    ['DELETE', '/api/nothing'],
    ['OPTIONS', '/api/accounts/x/y'],
  ])('%s %s is 404', async (method, path) => {
    expectProblem(await app.call(method, path), 404, 'not_found');
  });

  it('is 404 whatever words are in it, those of database errors too', async () => {
    expectProblem(await call('GET', '/timeout'), 404, 'not_found');
    expectProblem(await call('GET', '/Connection%20terminated'), 404, 'not_found');
  });
});

describe('an address that takes other methods', () => {
  it.each([
    ['DELETE', '/api/accounts', 'GET, HEAD, POST'],
    ['PATCH', '/user/profile', 'GET, HEAD, PUT'],
    ['GET', '/server/incoming_data', 'POST'],
    ['PROPFIND', '/api/accounts', 'GET, HEAD, POST'],
    ['OPTIONS', '/accounts/anything/', 'DELETE, GET, HEAD, PATCH, PUT'],
  ])('%s %s is 405 and names them', async (method, path, allowed) => {
    const answer = await app.call(method, path);
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe(allowed);
  });
});

describe('an address that cannot be read', () => {
  it.each(['%ff', '%', '%zz', '%E0%A4%A', 'timeout%ff'])('with %s in it is 400', async (part) => {
    expectProblem(await call('GET', `/accounts/${part}`), 400, 'invalid_data');
    expectProblem(await app.call('GET', `/${part}/accounts`), 400, 'invalid_data');
  });

  it('that is longer than headers may be is 431', async () => {
    expectProblem(await call('GET', `/accounts?q=${'x'.repeat(17_000)}`), 431, 'headers_too_large');
  });
});

describe('an id that cannot be one', () => {
  it.each([
    ['a word', 'abc'],
    ['NUL', '%00'],
    ['a slash', '%2f'],
    ['a quote', "'"],
    ['an emoji', '%F0%9F%98%80'],
    ['300 characters', 'x'.repeat(300)],
    ['9000 characters', 'x'.repeat(9_000)],
  ])('such as %s is 404 wherever it stands', async (_, id) => {
    expectProblem(await call('GET', `/accounts/${id}`), 404, 'not_found');
    expectProblem(await call('GET', `/accounts/${account.id}/destinations/${id}`), 404, 'not_found');
    expectProblem(await call('GET', `/accounts/${account.id}/members/${id}`), 404, 'not_found');
    expectProblem(await call('GET', `/accounts/${account.id}/logs/${id}`), 404, 'not_found');
    expectProblem(await app.call('GET', `/accounts/${id}`), 401, 'unauthenticated');
  });

  it('is not one of an event: the longest that is accepted can be read', async () => {
    const eventId = '~%/?#"'.repeat(43).slice(0, 255);
    const headers = { 'cl-x-token': account.app_secret_token, 'cl-x-event-id': eventId };
    expect((await app.call('POST', '/server/incoming_data', { headers, body: {} })).status).toBe(202);
    const answer = await call('GET', `/accounts/${account.id}/logs/${encodeURIComponent(eventId)}`);
    expect(answer).toMatchObject({ status: 200, body: { event_id: eventId } });
  });
});

describe('a request that is no HTTP', () => {
  it.each([
    ['an unknown method', 'FOO /api/accounts HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['bytes outside ASCII in the address', 'GET /api/\u00ff HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['nothing of HTTP', 'hello\r\n\r\n'],
  ])('%s is 400', async (_, request) => {
    expectProblem(await sendRaw(request), 400, 'invalid_data');
  });
});

describe('a body', () => {
  it.each(['{"account_name":', 'account_name', '{"__proto__":{"a":1}}', '', '{"a":1}{'])(
    'that is no JSON, %j, is 400',
    async (raw) => {
      const answer = await post(raw, { 'content-type': 'application/json' });
      expectProblem(answer, 400, 'invalid_data');
    },
  );

  it.each(['null', '[]', '[{"account_name":"x"}]', '"x"', '1', 'true', '{}', '{"account_name":{}}'])(
    'of %s instead of the object asked for is 400',
    async (raw) => {
      expectProblem(await post(raw), 400, 'invalid_data');
    },
  );

  it.each(['[]', '[{}]', '"x"', '1', 'false'])(
    'of %s is 400 also where every field is optional',
    async (raw) => {
      expectProblem(await call('PATCH', `/accounts/${account.id}`, { raw }), 400, 'invalid_data');
      expectProblem(await call('POST', '/user/logout', { raw }), 400, 'invalid_data');
    },
  );

  it('with an unknown field is 400 and names it', async () => {
    const answer = await call('POST', '/accounts', { body: { account_name: 'x', id: UNKNOWN } });
    expectProblem(answer, 400, 'invalid_data', 'id');
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'garbage',
  ])('of the type %s is 415', async (type) => {
    expectProblem(
      await post('{"account_name":"x"}', { 'content-type': type }),
      415,
      'unsupported_media_type',
    );
    expectProblem(await post('account_name=x', { 'content-type': type }), 415, 'unsupported_media_type');
  });

  it('that is declared too large is 413 before it is read', async () => {
    const answer = await sendRaw(
      `POST /api/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${admin.token}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1048577\r\n\r\n',
    );
    expectProblem(answer, 413, 'payload_too_large');
  });

  it('that turns out too large is 413', async () => {
    const chunks = `10000\r\n${'x'.repeat(0x10000)}\r\n`.repeat(16);
    const answer = await sendRaw(
      `POST /api/accounts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${admin.token}\r\n` +
        `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}1\r\nx\r\n`,
    );
    expectProblem(answer, 413, 'payload_too_large');
  });
});

describe('the query of a list', () => {
  it.each([
    ['foo=1', 'foo'],
    ['q[]=a', 'q[]'],
    ['q=a&q=b', 'q'],
    ['q=%00', 'q'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=abc', 'limit'],
    ['limit=', 'limit'],
    ['limit=99999999999999999999', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=', 'cursor'],
    ['cursor=abc', 'cursor'],
    ['cursor=%27', 'cursor'],
    [`cursor=${Buffer.from(UNKNOWN.slice(1)).toString('base64url')}`, 'cursor'],
    [`cursor=${Buffer.from(UNKNOWN).toString('base64url')}=`, 'cursor'],
    ['created_from=2026-02-30', 'created_from'],
    ['created_to=yesterday', 'created_to'],
  ])('is 400 with ?%s and names the parameter', async (query, field) => {
    expectProblem(await call('GET', `/accounts?${query}`), 400, 'invalid_data', field);
  });

  it('is read where an escape in it is broken, as nothing can be found by it', async () => {
    const answer = await call('GET', '/accounts?q=%ff');
    expect(answer).toMatchObject({ status: 200, body: { data: [] } });
  });

  it.each(['1900-01-01', '1969-12-31T23:59:59.999Z', '1970-01-01', '9999-12-31'])(
    'may ask for any time, %s too',
    async (time) => {
      for (const query of [`from=${time}`, `to=${time}`])
        expect((await call('GET', `/accounts/${account.id}/logs?${query}`)).status).toBe(200);
      for (const query of [`created_from=${time}`, `created_to=${time}`])
        expect((await call('GET', `/accounts?${query}`)).status).toBe(200);
    },
  );
});

describe('X-Request-Id', () => {
  const idOf = async (path: string, sent?: string) => {
    const answer = await call('GET', path, { headers: sent === undefined ? {} : { 'x-request-id': sent } });
    return answer.headers.get('x-request-id');
  };

  it.each(['/accounts', '/nothing', '/accounts/%ff', '/health/live', '/swagger', '/openapi.json', '/queues'])(
    'is on the answer of %s: the one that was sent, else a new one',
    async (path) => {
      expect(await idOf(path, 'order-42:a.b@c_d')).toBe('order-42:a.b@c_d');
      const made = [await idOf(path), await idOf(path)];
      for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(made[0]).not.toBe(made[1]);
    },
  );

  it.each(['', 'a b', '<script>', 'x'.repeat(129), 'a,b'])('is a new one where %j was sent', async (sent) => {
    expect(await idOf('/nothing', sent)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  it('are 400 for a body of more fields or list entries than any operation takes, wherever they are', async () => {
    const many = Object.fromEntries(Array.from({ length: 3001 }, (_, n) => [`k${n}`, 1]));
    const bodies = [
      many,
      { email: many },
      { email: Array.from({ length: 3001 }, () => 1) },
      { a: { b: [many] } },
    ];
    for (const body of bodies) {
      const answer = await app.call('POST', '/user/login', { body });
      expect(answer.status).toBe(400);
      expect(answer.body.errors).toEqual([
        { field: 'body', message: expect.stringContaining('3000 fields') },
      ]);
    }
  });
});
