import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  httpAnswer,
  type RawHandler,
  type RawServer,
  startRawServer,
} from '../../test/support/raw-tcp-server.js';
import { AddressPolicy, parseEgressAllow } from '../common/egress/address-policy.js';
import type { Outcome } from './outcome.js';
import { Sender, type SenderOptions, type SendRequest } from './sender.js';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handler: RawHandler): Promise<RawServer> {
  const server = await startRawServer(handler);
  cleanups.push(() => server.close());
  return server;
}

function newSender(options: Partial<SenderOptions> = {}): Sender {
  const policy = new AddressPolicy(parseEgressAllow('loopback'));
  const sender = new Sender({ policy, userAgent: 'data-pusher/test', connectionsPerOrigin: 4, ...options });
  cleanups.push(() => sender.close());
  return sender;
}

const post = (server: RawServer, more: Partial<SendRequest> = {}): SendRequest => ({
  url: `http://127.0.0.1:${server.port}/hook?a=b`,
  method: 'POST',
  headers: ['X-Own', 'yes'],
  body: Buffer.from('{"a":1}'),
  timeoutMs: 2000,
  ...more,
});

async function answerOf(answer: string | Buffer, options: Partial<SenderOptions> = {}): Promise<Outcome> {
  const server = await serve((socket) => void socket.write(answer));
  return newSender(options).send(post(server));
}

describe('a request', () => {
  it('is sent as it is, with user agent and accept-encoding', async () => {
    const server = await serve((socket) => void socket.write(httpAnswer()));
    const outcome = await newSender().send(post(server));
    expect(outcome).toEqual({
      statusCode: 200,
      durationMs: expect.any(Number),
      error: null,
      errorCode: null,
      responseExcerpt: 'ok',
      responseCut: null,
      retryAfterMs: null,
      remoteAddress: '127.0.0.1',
    });
    expect(server.requests[0]!.split('\r\n')).toEqual([
      'POST /hook?a=b HTTP/1.1',
      `host: 127.0.0.1:${server.port}`,
      'connection: keep-alive',
      'X-Own: yes',
      'accept-encoding: identity',
      'user-agent: data-pusher/test',
      'content-length: 7',
      '',
      '{"a":1}',
    ]);
  });

  it.each(['{"a":"\x7f"}', '', '\0', 'x'.repeat(16_384)])(
    'of text is that of its bytes, %#',
    async (text) => {
      const server = await serve((socket) => void socket.write(httpAnswer()));
      const sender = newSender();
      const headers = ['X-Own', '\x80\xe9\xff'];
      for (const body of [text, Buffer.from(text)]) await sender.send(post(server, { headers, body }));
      expect(server.requests).toHaveLength(2);
      expect(server.requests[0]).toContain(`X-Own: ${headers[1]}\r\n`);
      expect(server.requests[0]!.endsWith(`content-length: ${text.length}\r\n\r\n${text}`)).toBe(true);
      expect(server.requests[1]).toBe(server.requests[0]);
    },
  );

  it('keeps a user agent of its own', async () => {
    const server = await serve((socket) => void socket.write(httpAnswer()));
    await newSender().send(post(server, { headers: ['User-Agent', 'mine'] }));
    expect(server.requests[0]!.match(/user-agent: .*/gi)).toEqual(['User-Agent: mine']);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])('%s uses its connections again', async (method) => {
    const server = await serve((socket) => void socket.write(httpAnswer()));
    const sender = newSender();
    const body = method === 'GET' ? null : Buffer.from('x'.repeat(300_000));
    for (let i = 0; i < 6; i++) await sender.send(post(server, { method, body }));
    expect(server.requests.map((text) => text.length > 300_000)).toEqual(Array(6).fill(method !== 'GET'));
    // A second one while the first is being put back.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('that cannot be written takes no connection away', async () => {
    const server = await serve((socket) => void socket.write(httpAnswer()));
    const sender = newSender({ connectionsPerOrigin: 2 });
    for (let i = 0; i < 5; i++)
      expect(await sender.send(post(server, { headers: ['X', 'a\nb'] }))).toMatchObject({
        errorCode: 'invalid_request',
        error: 'invalid_request: the URL or a header cannot be sent',
      });
    expect(await sender.send(post(server))).toMatchObject({ statusCode: 200 });
  });

  it.each(['', 'x', 'http://', 'http://[::1'])('to %j is refused', async (url) => {
    const server = await serve(() => undefined);
    expect(await newSender().send(post(server, { url }))).toMatchObject({ errorCode: 'invalid_request' });
  });
});

describe('an answer', () => {
  it.each([200, 201, 204, 299])('%i is a success', async (status) => {
    const answer = status === 204 ? 'HTTP/1.1 204 X\r\n\r\n' : httpAnswer('', `HTTP/1.1 ${status} X`);
    expect(await answerOf(answer)).toMatchObject({ statusCode: status, error: null, responseExcerpt: null });
  });

  it.each([400, 404, 410, 429, 500, 503, 599])('%i is a failure with its excerpt', async (status) => {
    expect(await answerOf(httpAnswer('why', `HTTP/1.1 ${status} X`))).toMatchObject({
      statusCode: status,
      errorCode: 'status',
      error: `status: answered ${status}`,
      responseExcerpt: 'why',
    });
  });

  it('302 is not followed', async () => {
    const server = await serve((socket) => {
      socket.write(`HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n`);
    });
    const outcome = await newSender().send(post(server));
    expect(outcome).toMatchObject({ statusCode: 302, errorCode: 'redirect' });
    expect(server.requests).toHaveLength(1);
  });

  it('may be preceded by a few interim ones', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(3);
    expect(await answerOf(early + httpAnswer())).toMatchObject({ statusCode: 200, responseExcerpt: 'ok' });
  });

  it('is never inflated', async () => {
    const gzip = gzipSync('secret text '.repeat(100));
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${gzip.length}\r\n\r\n`;
    const outcome = await answerOf(Buffer.concat([Buffer.from(head), gzip]));
    expect(outcome).toMatchObject({ statusCode: 200, responseCut: null });
    expect(outcome.responseExcerpt).toBe(gzip.toString('utf8').replaceAll('\0', '\ufffd'));
  });

  it('is kept as text PostgreSQL can store', async () => {
    const body = Buffer.from([0x61, 0, 0x62, 0xff, 0xc3, 0xa9]);
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`;
    const outcome = await answerOf(Buffer.concat([Buffer.from(head), body]));
    expect(outcome.responseExcerpt).toBe('a\ufffdb\ufffdé');
  });

  it('is kept up to the limit, without half a character', async () => {
    const outcome = await answerOf(httpAnswer('é'.repeat(5000)), { keepResponseBytes: 4095 });
    expect(outcome.responseExcerpt).toBe('é'.repeat(2047));
    expect(outcome.responseCut).toBeNull();
  });

  it.each([
    ['429', '120', 120_000],
    ['503', '7', 7000],
    ['500', '7', null],
    ['429', 'soon', null],
  ])('%s with Retry-After %s slows down for %s ms', async (status, retryAfter, expected) => {
    const head = `HTTP/1.1 ${status} X\r\nX-A: b\r\nretry-AFTER: ${retryAfter}`;
    expect(await answerOf(httpAnswer('', head))).toMatchObject({ retryAfterMs: expected });
  });
});

describe('connections', () => {
  it('outlive an attempt that gave up waiting for one', async () => {
    const server = await serve((socket, _, index) => {
      if (index > 0) socket.write(httpAnswer());
      else void expired.then(() => socket.write(httpAnswer()));
    });
    const sender = newSender({ connectionsPerOrigin: 1 });
    const first = sender.send(post(server));
    const expired = sender.send(post(server, { timeoutMs: 100 }));
    expect(await expired).toMatchObject({ error: 'timeout: no connection within 100 ms' });
    expect(await first).toMatchObject({ statusCode: 200 });
    expect(await sender.send(post(server))).toMatchObject({ statusCode: 200 });
    expect([server.connections, server.requests.length]).toEqual([1, 2]);
  });

  it('of the origin used least recently are ended beyond the limit of origins', async () => {
    const ended: Promise<unknown>[] = [];
    const answer: RawHandler = (socket) => {
      ended.push(once(socket, 'close'));
      socket.write(httpAnswer());
    };
    const servers = [await serve(answer), await serve(answer), await serve(answer)];
    const sender = newSender({ maxOrigins: 2 });
    const startedAtMs = performance.now();
    for (const index of [0, 1, 0, 2]) await sender.send(post(servers[index]!));
    await ended[1];
    // Well before an idle connection is ended by itself, which is after 4 s.
    expect(performance.now() - startedAtMs).toBeLessThan(3000);
    for (const server of servers) expect(await sender.send(post(server))).toMatchObject({ statusCode: 200 });
  });
});

describe('stopping', () => {
  it('at once breaks off every attempt under way, and makes no other', async () => {
    const sender = newSender();
    const arrived: unknown[] = [];
    const server = await serve((socket) => {
      if (arrived.push(socket) === 3) sender.abort();
    });
    const outcome = { statusCode: null, errorCode: 'aborted' };
    const attempts = [1, 2, 3].map(() => sender.send(post(server)));
    for (const attempt of attempts) expect(await attempt).toMatchObject(outcome);
    expect(await sender.send(post(server))).toMatchObject(outcome);
    expect(server.requests).toHaveLength(3);
    await sender.close();
  });

  it('waits for what is under way and takes nothing more', async () => {
    const server = await serve((socket) => void late.then(() => socket.write(httpAnswer())));
    const sender = newSender();
    const running = sender.send(post(server));
    const closed = Promise.all([sender.close(), sender.close()]);
    const late = sender.send(post(server));
    expect(await late).toMatchObject({ errorCode: 'aborted' });
    expect(await running).toMatchObject({ statusCode: 200 });
    await closed;
  });
});
