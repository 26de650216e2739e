import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { typeormOptions } from '../../src/database/database.options.js';
import { SchemaError, loadMigrations, migrate } from '../../src/database/migrate.js';
import { ensureDayPartitions, firstIdOf } from '../../src/database/partitions.js';
import { entities } from '../../src/entities.js';
import { PARTITIONED_TABLES } from '../../src/events/partitioned-tables.js';
import { type TestDatabase, createTestDatabase } from '../support/database.js';

describe('migrations', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    const migrations = await loadMigrations();
    dataSource = await new DataSource({
      ...typeormOptions(database.connection),
      entities,
      migrations,
    }).initialize();
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('make exactly the schema that the entities describe', async () => {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('can be undone one by one and made again', async () => {
    for (const _ of dataSource.migrations) await dataSource.undoLastMigration();
    const [{ tables }] = await dataSource.query(
      `SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    expect(tables).toBe(0);
    const names = await migrate(database.connection);
    expect(names).toHaveLength(dataSource.migrations.length);
  });

  it('run once when processes start together', async () => {
    for (const _ of dataSource.migrations) await dataSource.undoLastMigration();
    const runs = await Promise.all([1, 2, 3].map(() => migrate(database.connection)));
    expect(runs.map((names) => names.length).toSorted((a, b) => a - b)).toEqual([
      0,
      0,
      dataSource.migrations.length,
    ]);
  });

  it('refuse a database of a newer version in words', async () => {
    await dataSource.query(
      `INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture')`,
    );
    await expect(migrate(database.connection)).rejects.toThrow(SchemaError);
    await expect(migrate(database.connection)).rejects.toThrow(
      /newer version of Data Pusher \(FromTheFuture\)/,
    );
  });

  it('tell in words what to do where the role may not create the extension for searching', async () => {
    const { user, password, database: name } = { user: 'no_rights', password: 'x', database: 'no_rights' };
    const admin = new pg.Client({ ...database.connection, database: 'postgres' });
    await admin.connect();
    await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}'`);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    const owner = new pg.Client({ ...database.connection, database: name });
    await owner.connect();
    // It may make tables, as anybody could before PostgreSQL 15, but nothing that belongs to the database.
    await owner.query(`GRANT ALL ON SCHEMA public TO ${user}`);
    const refused = migrate({ ...database.connection, user, password, database: name });
    await expect(refused).rejects.toThrow(SchemaError);
    await expect(refused).rejects.toThrow(/CREATE EXTENSION pg_trgm/);
    await owner.query(`GRANT CREATE ON DATABASE ${name} TO ${user}`);
    await owner.end();
    await expect(
      migrate({ ...database.connection, user, password, database: name }),
    ).resolves.not.toHaveLength(0);
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.query(`DROP ROLE ${user}`);
    await admin.end();
  }, 120_000);

  it('put each day into a partition of its own, and days without one into the default', async () => {
    const pool = new pg.Pool({ ...database.connection, max: 1 });
    const now = Date.UTC(2030, 0, 31, 12);
    await ensureDayPartitions(pool, PARTITIONED_TABLES, now);
    await ensureDayPartitions(pool, PARTITIONED_TABLES, now);
    const insert = (timeMs: number) =>
      pool.query(
        `INSERT INTO events (id, account_id, event_id, payload, destination_ids)
         VALUES ($1, gen_random_uuid(), 'x', '', '{}') RETURNING tableoid::regclass::text AS partition`,
        [firstIdOf(timeMs)],
      );
    expect((await insert(now)).rows[0].partition).toBe('events_20300131');
    expect((await insert(now + 86_400_000)).rows[0].partition).toBe('events_20300201');
    expect((await insert(now + 30 * 86_400_000)).rows[0].partition).toBe('events_default');
    await pool.end();
  });
});
