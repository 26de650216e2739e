import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typeormOptions } from '../../src/database/database.options.js';
import {
  createAcceptPool,
  createDeliveryPool,
  createResultPool,
  poolOptions,
} from '../../src/database/pools.js';
import { createTestDatabase } from '../support/database.js';

/** Authenticated, ready, and terminated by an administrator, in one packet. */
const WELCOME_AND_GOODBYE = Buffer.concat([
  message('R', Buffer.alloc(4)),
  message('Z', Buffer.from('I')),
  message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0')),
]);

describe('a pool', () => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => socket.end(WELCOME_AND_GOODBYE));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('tells whoever took a connection that it has ended, and survives it', async () => {
    const connection = { host: '127.0.0.1', port, user: 'nobody', database: 'none' };
    const pool = new pg.Pool(poolOptions(connection, 'test', 1, 1000));
    pool.on('error', () => undefined);
    const client = await pool.connect();
    await expect(client.query('SELECT 1')).rejects.toThrow(/not queryable|terminated|closed/i);
    client.release(true);
    await pool.end();
  });
});

it('compiles no plans, and delivers with commits that do not wait for the disk', async () => {
  const database = await createTestDatabase();
  const settings = `SELECT current_setting('jit') AS jit, current_setting('synchronous_commit') AS commit`;
  const pools = [createAcceptPool, createDeliveryPool, createResultPool].map((create) =>
    create(database.connection),
  );
  const dataSource = await new DataSource(typeormOptions(database.connection)).initialize();
  const [accept, delivery, results] = await Promise.all(pools.map((pool) => pool.query(settings)));
  const { commit } = accept!.rows[0];
  expect(accept!.rows).toEqual([{ jit: 'off', commit }]);
  expect(delivery!.rows).toEqual([{ jit: 'off', commit: 'off' }]);
  expect(results!.rows).toEqual([{ jit: 'off', commit: 'off' }]);
  expect(await dataSource.query(settings)).toEqual([{ jit: 'off', commit }]);
  await Promise.all([dataSource.destroy(), ...pools.map((pool) => pool.end())]);
  await database.drop();
});

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}
