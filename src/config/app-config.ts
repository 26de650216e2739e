import { availableParallelism } from 'node:os';
import type { DestinationStream } from 'pino';
import type { Env } from './env.js';
import { type RetentionPeriods, readPeriods } from './retention.js';
import type { Secrets } from './secrets.js';

const MAX_WORKER_PROCESSES = 4;
/** As much as one statement stores at once. */
const DEFAULT_BATCH_BYTES = 4 * 1024 * 1024;

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
    /** Where the log goes instead of stdout. */
    readonly logTo?: DestinationStream,
  ) {}

  /** True where the database was started by this process. */
  get embedded(): boolean {
    return this.env.DATABASE_URL === undefined;
  }

  /** Where to listen. The embedded database belongs to who tries the product on this machine. */
  get host(): string {
    return this.env.HOST ?? (this.embedded ? '127.0.0.1' : '0.0.0.0');
  }

  /** Loopback is where somebody who tries the product has a receiver; it is allowed with the embedded database alone. */
  get egressAllow(): string {
    return this.env.EGRESS_ALLOW ?? (this.embedded ? 'loopback' : '');
  }

  /** One core is left to the API and one to the database. */
  get workerProcesses(): number {
    return (
      this.env.WORKER_PROCESSES ?? Math.min(Math.max(availableParallelism() - 2, 0), MAX_WORKER_PROCESSES)
    );
  }

  /** A single event of any allowed size also fits into a batch, unless it is told otherwise. */
  get maxBatchBytes(): number {
    return this.env.MAX_BATCH_BYTES ?? Math.max(DEFAULT_BATCH_BYTES, this.env.MAX_BODY_BYTES);
  }

  get retention(): RetentionPeriods {
    return readPeriods(this.env);
  }
}
