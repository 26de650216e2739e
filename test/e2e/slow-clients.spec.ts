import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, createAccount, registerAdmin } from '../support/factories.js';

/** 30 seconds to arrive and 5 until somebody looks. */
const AT_MOST_MS = 40_000;

describe('a request that does not arrive', { timeout: 2 * AT_MOST_MS }, () => {
  let app: TestApp;
  let account: TestAccount;
  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    account = await createAccount(app, await registerAdmin(app));
  });
  afterAll(() => app?.close());

  const sendPart = (part: string): Promise<string> => {
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
    socket.write(part);
    return text(socket);
  };

  it('is given up within 40 seconds, whether all of it, its headers or its body stay away', async () => {
    const since = performance.now();
    const common = 'HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
    const login = `POST /user/login ${common}`;
    const event = `POST /api/server/incoming_data ${common}CL-X-TOKEN: ${account.app_secret_token}\r\n`;
    const parts = ['', ...[login, event].flatMap((head) => [head, `${head}Content-Length: 99\r\n\r\n{`])];
    const answers = await Promise.all(parts.map(sendPart));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
    expect(performance.now() - since).toBeLessThan(AT_MOST_MS);
  });
});
