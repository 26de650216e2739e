import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryBatch } from '../../src/database/batch-query.js';
import { intArray, textArray } from '../../src/database/binary-arrays.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const PAIRS = {
  name: 'pairs_żółw',
  text: `SELECT a, b, $3 AS text, $4::integer + 1 AS number, $5 AS nothing
         FROM unnest($1::integer[], $2::text[]) AS t (a, b)`,
};
const DIVISION = { name: 'division', text: 'SELECT 1 / a AS result FROM unnest($1::integer[]) AS t (a)' };

describe('a statement with a batch', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ ...database.connection, max: 1 });
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const pairs = (count: number) => {
    const numbers = Array.from({ length: count }, (_, n) => n);
    const texts = numbers.map((n) => (n % 7 === 0 ? null : `ä${n}`));
    const parameters = [intArray(numbers), textArray(texts), 'żółw 🐢', '41', null];
    const rows = numbers.map((a) => [`${a}`, texts[a], 'żółw 🐢', '42', null]);
    return { parameters, rows };
  };

  it.each([0, 1, 5000])('carries %i rows, beside text and NULL', async (count) => {
    const { parameters, rows } = pairs(count);
    expect(await queryBatch(pool, PAIRS, parameters)).toEqual(rows);
  });

  it('is prepared once on a connection', async () => {
    const client = await pool.connect();
    for (const count of [3, 4]) {
      const { parameters, rows } = pairs(count);
      expect(await queryBatch(client, PAIRS, parameters)).toEqual(rows);
    }
    const { rows } = await client.query(
      'SELECT count(*)::integer FROM pg_prepared_statements WHERE name = $1',
      [PAIRS.name],
    );
    expect(rows).toEqual([{ count: 1 }]);
    client.release();
  });

  it('may fail, and the connection goes on', async () => {
    const client = await pool.connect();
    const asked = async () => await queryBatch(client, DIVISION, [intArray([1, 0])]);
    await expect(asked()).rejects.toMatchObject({
      code: '22012',
      stack: expect.stringContaining('at asked'),
    });
    expect(await queryBatch(client, DIVISION, [intArray([1])])).toEqual([['1']]);
    client.release();
  });
});
