import { Redis } from 'ioredis';
import pg from 'pg';
import type { AppConfig } from '../../config/app-config.js';
import { type Finding, compareClock, fail, ok, warn } from './finding.js';

const CONNECT_MS = 3000;
/** The oldest that BullMQ supports. */
const OLDEST_REDIS = 6.2;

/** The queue on Redis, or on the database, which was found to answer before. */
export async function checkQueue(config: AppConfig): Promise<Finding[]> {
  return config.env.REDIS_URL ? checkRedis(config.env.REDIS_URL) : [await checkPostgresQueue(config)];
}

async function checkRedis(url: string): Promise<Finding[]> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: CONNECT_MS,
    retryStrategy: () => null,
  });
  let reason = '';
  redis.on('error', (error: Error) => (reason = error.message));
  try {
    await redis.connect();
    return [describeRedis(await redis.info()), await checkRedisClock(redis)];
  } catch (error) {
    return [
      fail(
        'queue',
        `Redis does not answer: ${reason || (error as Error).message}`,
        'Check REDIS_URL. Events are accepted without it; each delivery is up to two seconds late.',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

function describeRedis(info: string): Finding {
  const read = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = read('valkey_version') || read('redis_version');
  const policy = read('maxmemory_policy');
  const says = `Redis ${version}, ${policy}`;
  if (Number.parseFloat(version) < OLDEST_REDIS)
    return warn('queue', says, 'Upgrade Redis to 6.2 or newer, or Valkey.');
  if (policy && policy !== 'noeviction')
    return warn('queue', says, 'Set maxmemory-policy to noeviction: evicted jobs are late deliveries.');
  return ok('queue', says);
}

async function checkRedisClock(redis: Redis): Promise<Finding> {
  const startedAt = Date.now();
  const [seconds, microseconds] = await redis.time();
  const theirMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
  return compareClock('clock of Redis', theirMs, { startedAt, endedAt: Date.now() });
}

async function checkPostgresQueue(config: AppConfig): Promise<Finding> {
  const client = new pg.Client({ ...config.database, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ exists: boolean }>(
      "SELECT to_regnamespace('bullmq') IS NOT NULL AS exists",
    );
    if (rows[0]!.exists) return ok('queue', 'on PostgreSQL');
    return warn('queue', 'on PostgreSQL, its tables are missing', 'Run: npm run cli -- migrate');
  } finally {
    await client.end();
  }
}
