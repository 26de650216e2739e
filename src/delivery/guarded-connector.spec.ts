import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { CERTIFICATE, EXPIRED, KEY } from '../../test/support/certificates.js';
import {
  httpAnswer,
  type RawServer,
  startRawServer,
  startRawTlsServer,
} from '../../test/support/raw-tcp-server.js';
import { AddressPolicy, type AddressVerdict, parseEgressAllow } from '../common/egress/address-policy.js';
import { systemResolver } from './guarded-connector.js';
import type { Outcome } from './outcome.js';
import { Sender, type SenderOptions } from './sender.js';

const loopback = new AddressPolicy(parseEgressAllow('127.0.0.1'));
const resolvesTo =
  (...list: string[]) =>
  async (): Promise<LookupAddress[]> =>
    list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const answers = (socket: { write(text: string): unknown }): void => void socket.write(httpAnswer());

let server: RawServer;
let sender: Sender;
afterEach(async () => {
  await sender?.close();
  await server?.close();
});

function send(url: string, options: Partial<SenderOptions>, timeoutMs = 2000): Promise<Outcome> {
  sender = new Sender({ policy: loopback, userAgent: 'test', connectionsPerOrigin: 1, ...options });
  return sender.send({ url, method: 'POST', headers: [], body: Buffer.from('{}'), timeoutMs });
}

describe('where a delivery may connect', () => {
  const sendTo = async (
    host: string,
    options: Partial<SenderOptions>,
    timeoutMs?: number,
  ): Promise<Outcome> => {
    server = await startRawServer(answers);
    return send(`http://${host}:${server.port}/`, options, timeoutMs);
  };

  it('a name whose every address is allowed is connected to', async () => {
    const outcome = await sendTo('receiver.test', { resolve: resolvesTo('127.0.0.1') });
    expect(outcome).toMatchObject({ statusCode: 200, remoteAddress: '127.0.0.1' });
    expect(server.requests[0]).toContain(`host: receiver.test:${server.port}`);
  });

  it.each([
    ['127.0.0.1', '10.0.0.1'],
    ['10.0.0.1', '127.0.0.1'],
    ['127.0.0.1', '::ffff:10.0.0.1'],
    ['127.0.0.1', 'fe80::1'],
    ['169.254.169.254'],
    ['0.0.0.0'],
  ])('a name that also means one that is not is refused (%s, %s)', async (...list) => {
    const outcome = await sendTo('receiver.test', { resolve: resolvesTo(...list) });
    expect(outcome).toMatchObject({ statusCode: null, errorCode: 'egress' });
    expect(outcome.error).toMatch(/^egress: \S+ is not a public address \(.+\)$/);
    expect(server.connections).toBe(0);
  });

  it.each(['127.0.0.1', '0x7f000001', '[::1]', '[::ffff:127.0.0.1]', 'localhost', 'a.localhost'])(
    '%s is refused without an allow-list',
    async (host) => {
      const outcome = await sendTo(host, { policy: new AddressPolicy([]) });
      expect(outcome.error).toMatch(/^egress: the URL must not point there: .+/);
      expect(server.connections).toBe(0);
    },
  );

  it('a URL with a user name or another scheme is refused', async () => {
    expect(await sendTo('me:secret@127.0.0.1', {})).toMatchObject({ errorCode: 'egress' });
    const request = { url: 'file:///etc', method: 'GET', headers: [], body: null, timeoutMs: 500 };
    expect(await sender.send(request)).toMatchObject({ error: 'egress: only http and https are sent to' });
  });

  it('the address that was reached is judged again', async () => {
    const verdicts: AddressVerdict[] = [{ allowed: true }, { allowed: false, reason: 'changed its mind' }];
    const policy = { check: () => verdicts.shift()! };
    const outcome = await sendTo('receiver.test', { policy, resolve: resolvesTo('127.0.0.1') });
    expect(outcome.error).toBe('egress: changed its mind');
    expect(server.requests).toEqual([]);
  });

  it('the next address is tried where one is dead', async () => {
    const policy = new AddressPolicy(parseEgressAllow('loopback'));
    const outcome = await sendTo('receiver.test', { policy, resolve: resolvesTo('::1', '127.0.0.1') });
    expect(outcome).toMatchObject({ remoteAddress: '127.0.0.1' });
  });

  it('the system resolves localhost', async () => {
    const policy = new AddressPolicy(parseEgressAllow('loopback'));
    expect(await sendTo('localhost', { policy })).toMatchObject({ statusCode: 200 });
  });

  it('a name without an address is a DNS failure', async () => {
    expect(await sendTo('receiver.test', { resolve: resolvesTo() })).toMatchObject({ errorCode: 'dns' });
  });

  it('a name that cannot exist is a DNS failure', async () => {
    expect(await sendTo(`${'a'.repeat(64)}.test`, {})).toMatchObject({ errorCode: 'dns' });
  });

  it('a name server that never answers ends with the deadline', async () => {
    const outcome = await sendTo('receiver.test', { resolve: () => new Promise(() => undefined) }, 200);
    expect(outcome).toMatchObject({ error: 'timeout: no connection within 200 ms' });
  });
});

describe('the system resolver', () => {
  it('asks once for callers at the same time', async () => {
    const resolve = systemResolver();
    const first = resolve('localhost');
    expect(resolve('localhost')).toBe(first);
    await first;
    const second = resolve('localhost');
    expect(second).not.toBe(first);
    await second;
  });
});

describe('TLS', () => {
  type TlsServerOptions = Parameters<typeof startRawTlsServer>[0];
  const sendOverTls = async (
    tls: TlsServerOptions,
    { host = 'receiver.test', ...options }: Partial<SenderOptions> & { host?: string } = {},
  ): Promise<Outcome> => {
    server = await startRawTlsServer({ key: KEY, cert: CERTIFICATE, ...tls }, answers);
    const url = `https://${host}:${server.port}/`;
    return send(url, { resolve: resolvesTo('127.0.0.1'), ca: CERTIFICATE, ...options });
  };

  it('with a trusted certificate of that name is used', async () => {
    expect(await sendOverTls({})).toMatchObject({ statusCode: 200, remoteAddress: '127.0.0.1' });
  });

  it('is used again', async () => {
    // In a thread of its own, since it has to answer while this one is still at it.
    const worker = new Worker(TELLS_CONNECTIONS, {
      eval: true,
      workerData: { key: KEY, cert: CERTIFICATE },
    });
    const [port] = (await once(worker, 'message')) as [number];
    const url = `https://receiver.test:${port}/`;
    const options = { resolve: resolvesTo('127.0.0.1'), ca: CERTIFICATE, connectionsPerOrigin: 4 };
    expect(await send(url, options)).toMatchObject({ statusCode: 200 });
    const request = { url, method: 'POST', headers: [], body: Buffer.from('{}'), timeoutMs: 10_000 };
    const outcomes = await Promise.all(Array.from({ length: 300 }, () => sender.send(request)));
    const connections = outcomes.map(({ responseExcerpt }) => Number(responseExcerpt));
    expect(Math.max(...connections)).toBeLessThanOrEqual(4);
    await worker.terminate();
  });

  it('stays verified where the environment asks not to', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(await sendOverTls({}, { ca: undefined })).toMatchObject({ errorCode: 'tls' });
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  });

  it.each<[string, Parameters<typeof sendOverTls>]>([
    ['a certificate nobody vouches for', [{}, { ca: undefined }]],
    ['a certificate of another name', [{}, { host: 'other.test' }]],
    ['a certificate of a name for an address', [{}, { host: '127.0.0.1' }]],
    ['an expired certificate', [{ cert: EXPIRED }, { ca: EXPIRED }]],
    ['TLS 1.1', [{ maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' }]],
  ])('with %s is refused', async (_, [tls, options]) => {
    const outcome = await sendOverTls(tls, options);
    expect(outcome).toMatchObject({ statusCode: null, errorCode: 'tls' });
    expect(outcome.error).toMatch(/^tls: no trusted connection to \S+ \([A-Z0-9_]+\)$/);
    expect(server.requests).toEqual([]);
  });

  it('to a server that speaks plain HTTP fails', async () => {
    server = await startRawServer(() => undefined);
    server.onConnection = (socket) => void socket.end(httpAnswer());
    expect(await send(`https://127.0.0.1:${server.port}/`, {})).toMatchObject({ errorCode: 'tls' });
  });

  it('that never shakes hands ends with the deadline', async () => {
    server = await startRawServer(() => undefined);
    const outcome = await send(`https://127.0.0.1:${server.port}/`, {}, 200);
    expect(outcome).toMatchObject({ error: 'timeout: no connection within 200 ms' });
  });

  it('reset in the handshake is a reset', async () => {
    server = await startRawServer(() => undefined);
    server.onConnection = (socket) => void socket.resetAndDestroy();
    expect(await send(`https://127.0.0.1:${server.port}/`, {})).toMatchObject({ errorCode: 'reset' });
  });
});

const TELLS_CONNECTIONS = `
  const { parentPort, workerData } = require('node:worker_threads');
  let connections = 0;
  const server = require('node:tls').createServer(workerData, (socket) => {
    connections++;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (let answers = data.toString('latin1').split('{}').length - 1; answers > 0; answers--)
        socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: ' + \`\${connections}\`.length + '\\r\\n\\r\\n' + connections);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;
