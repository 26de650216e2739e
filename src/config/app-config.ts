import type { Env } from './env.js';
import { type RetentionPeriods, readPeriods } from './retention.js';
import type { Secrets } from './secrets.js';

/** How to reach the database: what node-postgres takes. */
export interface DatabaseConnection {
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  database?: string;
  connectionString?: string;
}

/** Everything a process was started with. Injected by type; nothing else reads the environment. */
export class AppConfig {
  constructor(
    readonly env: Env,
    readonly secrets: Secrets,
    readonly database: DatabaseConnection,
    readonly version: string,
  ) {}

  /** True where the database was started by this process. */
  get embedded(): boolean {
    return this.env.DATABASE_URL === undefined;
  }

  get retention(): RetentionPeriods {
    return readPeriods(this.env);
  }
}
