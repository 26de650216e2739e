import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, testEnv, testSecrets } from '../support/app.js';
import { type TestDatabase, createTestDatabase, urlOf } from '../support/database.js';
import { type ProductProcess, startProduct } from '../support/product-process.js';

const TRIALS = 100;

describe('two processes on an empty database', () => {
  let database: TestDatabase;
  let sql: pg.Client;
  let processes: ProductProcess[];

  beforeAll(async () => {
    database = await createTestDatabase();
    sql = new pg.Client(database.connection);
    await sql.connect();
    const env = {
      ...testEnv,
      HOST: '127.0.0.1',
      DATABASE_URL: urlOf(database),
      JWT_SECRET: testSecrets.jwtSecret,
      ENCRYPTION_KEYS: testSecrets.encryptionKeys,
    };
    processes = await Promise.all([0, 1].map(() => startProduct('main', env, ['api'])));
  });

  afterAll(async () => {
    await Promise.all((processes ?? []).map((product) => product.end('SIGTERM')));
    await sql?.end();
    await database?.drop();
  });

  it(`make one Admin of two who register at once, ${TRIALS} times`, async () => {
    for (let trial = 0; trial < TRIALS; trial++) {
      await sql.query('DELETE FROM users');
      const answers = await Promise.all(
        processes.map(({ url }, index) => {
          const body = { email: `racer-${index}@example.com`, password: 'Demo@123' };
          return call(url!, 'POST', '/user/register', { body });
        }),
      );
      const registered = answers.map(({ status, body }) => `${status} ${body.role}`).sort();
      expect({ trial, registered }).toEqual({ trial, registered: ['201 Admin', '201 User'] });
      const { rows } = await sql.query(`SELECT first_admin FROM users WHERE role = 'Admin'`);
      expect(rows).toEqual([{ first_admin: true }]);
    }
  }, 180_000);
});
