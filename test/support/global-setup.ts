import { rm } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { migrate } from '../../src/database/migrate.js';
import type { DatabaseConnection } from '../../src/config/app-config.js';

declare module 'vitest' {
  export interface ProvidedContext {
    database: DatabaseConnection;
    template: string;
  }
}

/** One real PostgreSQL for the whole run; every test file clones its migrated template database. */
export default async function setup(project: TestProject) {
  const dataDir = mkdtempSync(join(tmpdir(), 'data-pusher-test-'));
  const server = await startEmbeddedPostgres({
    dataDir,
    password: 'test',
    settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' },
  });
  await migrate(server.connection);
  project.provide('database', server.connection);
  project.provide('template', 'data_pusher');
  return async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
