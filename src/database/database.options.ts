import type { DataSourceOptions } from 'typeorm';
import type { DatabaseConnection } from '../config/app-config.js';
import { poolOptions } from './pools.js';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

const MANAGEMENT_CONNECTIONS = 8;
const MANAGEMENT_TIMEOUT_MS = 15_000;

/** How TypeORM reaches the database: for management and lists; the hot paths have pools of their own. */
export function typeormOptions(connection: DatabaseConnection): PostgresOptions {
  const pool = poolOptions(connection, 'management', MANAGEMENT_CONNECTIONS, MANAGEMENT_TIMEOUT_MS);
  return {
    type: 'postgres',
    url: connection.connectionString,
    host: connection.host,
    port: connection.port,
    username: connection.user,
    password: connection.password,
    database: connection.database,
    applicationName: pool.application_name,
    poolSize: pool.max,
    connectTimeoutMS: pool.connectionTimeoutMillis,
    extra: {
      query_timeout: pool.query_timeout,
      statement_timeout: pool.statement_timeout,
      options: pool.options,
      keepAlive: true,
      keepAliveInitialDelayMillis: pool.keepAliveInitialDelayMillis,
      onConnect: pool.onConnect,
    },
    synchronize: false,
    migrationsRun: false,
    migrationsTableName: 'migrations',
  };
}
