import { type ConnectionOptions, createPostgresBackend, setDefaultBackendFactory } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { AppConfig } from '../config/app-config.js';
import { poolOptions, sessionOptions } from '../database/pools.js';

export const QUEUE_CONNECTION = Symbol('queue connection');

/** What BullMQ runs on. Redis where REDIS_URL is set, else the product's own PostgreSQL. */
export interface QueueConnection {
  /** Of queues and workers. It waits for a Redis that is away, so nothing that answers a request awaits it. */
  bullmq: ConnectionOptions;
  /** For short commands of others, such as the limiter's: fails at once while Redis is away. Null without Redis. */
  redis: Redis | null;
  /** Resolves when the queue answers. */
  ping(): Promise<unknown>;
  /** From here on a Redis that is or goes away is given up, so that closing queues and workers does not wait for it. */
  abandonIfAway(): void;
  /** Fails every command that still waits, as those to a Redis that is frozen. */
  abandon(): void;
  close(): Promise<void>;
}

const COMMAND_TIMEOUT_MS = 2000;

export function openQueueConnection(config: AppConfig, report: (error: Error) => void): QueueConnection {
  return config.env.REDIS_URL ? onRedis(config.env.REDIS_URL, report) : onPostgres(config, report);
}

function onRedis(url: string, report: (error: Error) => void): QueueConnection {
  setDefaultBackendFactory();
  let isClosing = false;
  // BullMQ makes connections of its own like the one it is given; they too end when this says so. A Redis that
  // goes away while closing is not waited for either.
  const retryStrategy = (times: number) => (isClosing ? null : Math.min(times * 100, 500));
  const bullmq = new Redis(url, { maxRetriesPerRequest: null, retryStrategy });
  const ofBullmq: Redis[] = [];
  const watch = (client: Redis): Redis => {
    ofBullmq.push(client);
    return client.on('end', () => rejectForgotten(client));
  };
  watch(bullmq);
  bullmq.duplicate = (options) => watch(Redis.prototype.duplicate.call(bullmq, options));
  const giveUp = (...statuses: string[]) => {
    isClosing = true;
    for (const client of ofBullmq) if (statuses.includes(client.status)) end(client);
  };
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy,
  });
  for (const client of [bullmq, redis]) client.on('error', report);
  return {
    bullmq,
    redis,
    ping: () => redis.ping(),
    abandonIfAway: () => giveUp('reconnecting', 'connecting', 'connect'),
    abandon: () => giveUp('reconnecting', 'connecting', 'connect', 'ready'),
    close: async () => {
      bullmq.disconnect();
      redis.disconnect();
    },
  };
}

function end(client: Redis): void {
  const waitsToReconnect = client.status === 'reconnecting';
  client.disconnect();
  // ioredis forgets what such a client was asked and never says that it has ended, unless one more try fails.
  if (waitsToReconnect) client.connect().catch(() => undefined);
}

/**
 * What waited for an answer when a connection broke is sent again over the next one, and never answered where that one
 * breaks before it is ready and is the last: BullMQ would wait for ever. ioredis has no public way to it.
 */
function rejectForgotten(client: Redis): void {
  const { prevCommandQueue: forgotten } = client as unknown as Forgetful;
  for (let item = forgotten?.shift(); item; item = forgotten?.shift())
    item.command.reject(new Error('Connection is closed.'));
}

interface Forgetful {
  prevCommandQueue?: { shift(): { command: { reject(error: Error): void } } | undefined } | null;
}

function onPostgres(config: AppConfig, report: (error: Error) => void): QueueConnection {
  setDefaultBackendFactory(createPostgresBackend);
  const pool = new pg.Pool({
    ...poolOptions(config.database, 'queue', 6, 10_000),
    // Jobs are hints that the sweeper makes up for, so they need no wait for the disk.
    options: sessionOptions({ search_path: 'bullmq', synchronous_commit: 'off' }),
    // A worker listens on one for good.
    min: 2,
  });
  pool.on('error', report);
  // BullMQ takes a pool where its types say Redis: the backend factory set above decides what it is.
  const connection = pool as unknown as ConnectionOptions;
  const nothing = () => undefined;
  return {
    redis: null,
    bullmq: connection,
    ping: () => pool.query('SELECT 1'),
    abandonIfAway: nothing,
    abandon: nothing,
    close: () => pool.end(),
  };
}
