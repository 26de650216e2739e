import { type ConnectionOptions, createPostgresBackend, setDefaultBackendFactory } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { AppConfig } from '../config/app-config.js';
import { poolOptions } from '../database/pools.js';

export const QUEUE_CONNECTION = Symbol('queue connection');

/** What BullMQ runs on. Redis where REDIS_URL is set, else the product's own PostgreSQL. */
export interface QueueConnection {
  /** Of queues and workers. It waits for a Redis that is away, so nothing that answers a request awaits it. */
  bullmq: ConnectionOptions;
  /** For short commands of others, such as the limiter's: fails at once while Redis is away. Null without Redis. */
  redis: Redis | null;
  /** Resolves when the queue answers. */
  ping(): Promise<unknown>;
  /** Gives up a Redis that is away, so that closing queues and workers does not wait for it. */
  abandonIfAway(): void;
  close(): Promise<void>;
}

const COMMAND_TIMEOUT_MS = 2000;

export function openQueueConnection(config: AppConfig, report: (error: Error) => void): QueueConnection {
  return config.env.REDIS_URL ? onRedis(config.env.REDIS_URL, report) : onPostgres(config, report);
}

function onRedis(url: string, report: (error: Error) => void): QueueConnection {
  setDefaultBackendFactory();
  let isAbandoned = false;
  // BullMQ makes connections of its own like the one it is given; they too end when this says so.
  const retryStrategy = (times: number) => (isAbandoned ? null : Math.min(times * 100, 500));
  const bullmq = new Redis(url, { maxRetriesPerRequest: null, retryStrategy });
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
    abandonIfAway: () => {
      isAbandoned = bullmq.status !== 'ready';
      if (isAbandoned) bullmq.disconnect();
    },
    close: async () => {
      bullmq.disconnect();
      redis.disconnect();
    },
  };
}

function onPostgres(config: AppConfig, report: (error: Error) => void): QueueConnection {
  setDefaultBackendFactory(createPostgresBackend);
  const pool = new pg.Pool({
    ...poolOptions(config.database, 'queue', 6, 10_000),
    // Jobs are hints that the sweeper makes up for, so they need no wait for the disk.
    options: '-c search_path=bullmq -c synchronous_commit=off',
  });
  pool.on('error', report);
  // BullMQ takes a pool where its types say Redis: the backend factory set above decides what it is.
  const connection = pool as unknown as ConnectionOptions;
  return {
    redis: null,
    bullmq: connection,
    ping: () => pool.query('SELECT 1'),
    abandonIfAway: () => undefined,
    close: () => pool.end(),
  };
}
