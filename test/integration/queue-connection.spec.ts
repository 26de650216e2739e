import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import type { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { AppConfig } from '../../src/config/app-config.js';
import { readEnv } from '../../src/config/env.js';
import { openQueueConnection } from '../../src/queue/queue-connection.js';
import { testEnv, testSecrets } from '../support/app.js';
import { waitFor } from '../support/wait-for.js';

const ANSWERS: Record<string, string> = { info: '$17\r\nredis_version:7.2\r\n', client: '+OK\r\n' };

let server: Server;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

/** A server that answers what a client asks before it is ready, until it breaks off every connection, those to come included. */
async function startServer() {
  let isBroken = false;
  const asked: string[] = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const text = data.toString().toLowerCase();
      asked.push(text);
      if (isBroken) socket.destroy();
      else
        for (const [, command] of text.matchAll(/\r\n(info|client)\r\n/g)) socket.write(ANSWERS[command!]!);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    breakAll: () => {
      isBroken = true;
      for (const socket of sockets.splice(0)) socket.destroy();
    },
  };
}

it('answers what was asked of a Redis that went away, came back and went away again', async () => {
  const redis = await startServer();
  const env = readEnv({ ...testEnv, REDIS_URL: redis.url });
  const config = new AppConfig(env, testSecrets, { connectionString: 'postgres://unused' }, '0.0.0-test');
  const connection = openQueueConnection(config, () => undefined);
  const blocking = (connection.bullmq as Redis).duplicate();
  blocking.on('error', () => undefined);
  await once(blocking, 'ready');
  const answer = blocking.bzpopmin('queue', 0);
  const outcome = answer.then(
    () => 'an answer',
    (error: Error) => error.message,
  );
  await waitFor(() => redis.asked.some((text) => text.includes('bzpopmin')));
  redis.breakAll();
  await once(blocking, 'reconnecting');
  await once(blocking, 'reconnecting');
  connection.abandonIfAway();
  expect(await outcome).toBe('Connection is closed.');
  await connection.close();
});
