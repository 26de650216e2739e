import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BinaryParameter,
  boolArray,
  byteaArray,
  intArray,
  textArray,
  uuidArray,
} from '../../src/database/binary-arrays.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

const CASES: [string, string, (values: never[]) => BinaryParameter, unknown[]][] = [
  ['booleans', 'boolean', boolArray, [true, null, false]],
  [
    'bytes',
    'bytea',
    byteaArray,
    [Buffer.from([0, 255, 92, 34]), null, Buffer.alloc(0), Buffer.alloc(100_000, 7)],
  ],
  ['integers', 'integer', intArray, [0, -1, 2_147_483_647, null, -2_147_483_648]],
  ['texts', 'text', textArray, ['', 'NULL', null, '"{},\\', 'żółw 🐢', ' a\n']],
  ['ids', 'uuid', uuidArray, [uuidv7(), null, 'ffffffff-ffff-ffff-ffff-ffffffffffff']],
];

describe('arrays in the binary format', () => {
  let database: TestDatabase;
  let client: pg.Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client(database.connection);
    await client.connect();
  });

  afterAll(async () => {
    await client.end();
    await database.drop();
  });

  it.each(CASES)(
    'carry %s exactly, NULL and the empty array included',
    async (_what, type, encode, values) => {
      const statement = `SELECT value FROM unnest($1::${type}[]) WITH ORDINALITY AS u (value, at) ORDER BY at`;
      for (const list of [values, values.slice(0, 1), []]) {
        const { rows } = await client.query(statement, [encode(list as never[])]);
        expect(rows.map((row) => row.value)).toEqual(list);
      }
    },
  );
});
