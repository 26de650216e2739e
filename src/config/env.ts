import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEgressAllow } from '../common/egress/address-policy.js';
import { parseDuration } from '../common/duration.js';
import { parseEncryptionKeys } from '../common/crypto/sealed-box.js';
import { parseUrl } from '../common/parse-url.js';
import { findPeriodProblems, parseDays } from './retention.js';

/** One setting: how it is read, what it is without being set, and what it is for (shown in .env.example). */
interface Setting<T> {
  parse: (text: string) => T;
  fallback: T;
  about: string;
}

const setting = <T>(parse: (text: string) => T, fallback: T, about: string): Setting<T> => ({
  parse,
  fallback,
  about,
});
const optional = <T>(parse: (text: string) => T, about: string): Setting<T | undefined> => ({
  parse,
  fallback: undefined,
  about,
});

const DEFAULT_RETRY_SCHEDULE = '0s,5s,5m,30m,2h,5h,10h,14h,20h,24h';

const LEASE_MARGIN_MS = 2000;

const text = (value: string): string => value;
const oneOf =
  <T extends string>(...allowed: T[]) =>
  (value: string): T => {
    if (!(allowed as string[]).includes(value)) throw new Error(`must be one of ${allowed.join(', ')}`);
    return value as T;
  };
const integer = (min: number, max: number) => (value: string) => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < min || number > max || value.trim() === '')
    throw new Error(`must be a whole number from ${min} to ${max}`);
  return number;
};
const urlOf =
  (...protocols: string[]) =>
  (value: string): string => {
    const url = parseUrl(value);
    if (!url || !protocols.includes(url.protocol))
      throw new Error(`must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    return value;
  };
const secret = (value: string): string => {
  if (value.length < 32)
    throw new Error('must be at least 32 characters; make one with: openssl rand -base64 48');
  return value;
};
const bearer = (value: string): string => {
  if (!/^[\x21-\x7e]{16,}$/.test(value))
    throw new Error('must be at least 16 visible ASCII characters; make one with: openssl rand -hex 32');
  return value;
};
const durations = (value: string): number[] => {
  const list = value.split(',').map((part) => parseDuration(part.trim()));
  if (list.length > 30) throw new Error('must not have more than 30 entries');
  return list;
};
const checked =
  (parse: (value: string) => unknown) =>
  (value: string): string => {
    parse(value);
    return value;
  };

/** Every setting of the product. `.env.example` lists the same keys; a test compares the two. */
export const settings = {
  NODE_ENV: setting(
    oneOf('development', 'production', 'test'),
    'development',
    'production makes every secret and the egress guard strict',
  ),
  PORT: setting(integer(0, 65535), 8000, 'port of the HTTP API'),
  HOST: optional(text, 'address to listen on; 127.0.0.1 with the embedded database, else 0.0.0.0'),
  TRUST_PROXY: optional(text, 'addresses or networks of proxies whose X-Forwarded-For is believed'),
  LOG_LEVEL: setting(
    oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    'info',
    'least severe log line that is written; debug shows every event and attempt',
  ),
  DATA_DIR: setting(
    (value: string) => resolve(value),
    resolve('data'),
    'folder of the embedded database and of generated secrets',
  ),
  DATABASE_URL: optional(
    urlOf('postgres:', 'postgresql:'),
    'your PostgreSQL (14 or newer); empty starts the embedded one',
  ),
  REDIS_URL: optional(
    urlOf('redis:', 'rediss:'),
    'Redis or Valkey for queue and limiter; empty keeps the queue on PostgreSQL and the limiter in process',
  ),
  JWT_SECRET: optional(secret, 'signs access tokens; required with DATABASE_URL, generated otherwise'),
  ENCRYPTION_KEYS: optional(
    checked(parseEncryptionKeys),
    'id:base64 of 32 bytes, comma separated, the first one encrypts; required with DATABASE_URL',
  ),
  ACCESS_TOKEN_SECONDS: setting(integer(30, 900), 900, 'life of an access token'),
  REFRESH_TOKEN_DAYS: setting(integer(1, 365), 30, 'life of a refresh token'),
  REGISTRATION: setting(
    oneOf('open', 'invite', 'closed'),
    'open',
    'who may register: anybody, holders of an invitation, or nobody (the first user always may)',
  ),
  REGISTRATIONS_PER_HOUR: setting(
    integer(1, 1_000_000),
    60,
    'registrations taken from one address in an hour, by each process; behind a proxy set TRUST_PROXY',
  ),
  METRICS_PORT: optional(
    integer(0, 65535),
    'port of /metrics and /health in processes that only deliver, the next one for each more of npm start; empty opens none',
  ),
  METRICS_TOKEN: optional(
    bearer,
    'bearer token that /metrics asks for; empty lets everybody read it, it names no account and no destination',
  ),
  MAX_BODY_BYTES: setting(integer(1024, 64 * 1024 * 1024), 1024 * 1024, 'largest event accepted'),
  MAX_BATCH_BYTES: optional(
    integer(1024, 64 * 1024 * 1024),
    'largest batch of events accepted; without it 4 MiB, or MAX_BODY_BYTES where that is more',
  ),
  MAX_DESTINATIONS_PER_ACCOUNT: setting(
    integer(1, 10_000),
    1000,
    'destinations an account may have; one that has more keeps them',
  ),
  EGRESS_ALLOW: optional(
    checked(parseEgressAllow),
    'private destinations that are allowed: address, address:port or network, comma separated',
  ),
  RETRY_SCHEDULE: setting(
    durations,
    durations(DEFAULT_RETRY_SCHEDULE),
    'wait before each attempt, the first included; its length is the number of attempts',
  ),
  DELIVERY_TIMEOUT_MS: setting(
    integer(100, 30_000),
    15_000,
    'time an attempt may take where the destination sets none',
  ),
  WORKER_CONCURRENCY: setting(integer(1, 10_000), 1000, 'deliveries one process works on at once'),
  WORKER_PROCESSES: optional(
    integer(0, 64),
    'processes that deliver beside the one that npm start is; 0 delivers in that one; without it two less than there are cores, at most 4',
  ),
  SHUTDOWN_DELAY_MS: setting(
    integer(0, 5000),
    0,
    'how long a process that is told to stop still takes requests while /health/ready says 503',
  ),
  LEASE_SECONDS: setting(
    integer(5, 600),
    45,
    'after which the deliveries of a worker that died are taken over; longer than any attempt may take',
  ),
  RETENTION_DAYS: setting(
    parseDays,
    30,
    'days after which the log of deliveries and attempts is removed; forever keeps it',
  ),
  PAYLOAD_RETENTION_DAYS: optional(
    parseDays,
    'days after which bodies of events are removed, at most RETENTION_DAYS, which it is without being set',
  ),
  DEDUP_DAYS: optional(
    parseDays,
    'days a repeated event id is known, at least RETENTION_DAYS; 7 longer without being set',
  ),
} satisfies Record<string, Setting<unknown>>;

type Settings = typeof settings;
export type Env = { [Key in keyof Settings]: Settings[Key] extends Setting<infer T> ? T : never };

export class SettingsError extends Error {}

/**
 * Reads every setting from `source`; an empty value counts as not set.
 * @throws SettingsError naming all wrong settings at once, a line each.
 */
export function readEnv(source: Record<string, string | undefined> = loadProcessEnv()): Env {
  const problems: string[] = [];
  const env: Record<string, unknown> = {};
  for (const [key, known] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const value = source[key];
    if (value === undefined || value === '') {
      env[key] = known.fallback;
      continue;
    }
    try {
      env[key] = known.parse(value);
    } catch (error) {
      problems.push(`${key} ${(error as Error).message}`);
    }
  }
  for (const key of ['JWT_SECRET', 'ENCRYPTION_KEYS'])
    if (source.DATABASE_URL && !source[key])
      problems.push(`${key} is required with DATABASE_URL: ${settings[key as 'JWT_SECRET'].about}`);
  if (Number(env.LEASE_SECONDS) * 1000 < Number(env.DELIVERY_TIMEOUT_MS) + LEASE_MARGIN_MS)
    problems.push('LEASE_SECONDS must be at least 2 seconds longer than DELIVERY_TIMEOUT_MS');
  problems.push(...findPeriodProblems(env as Env));
  if (source.NODE_ENV === 'production' && !source.DATABASE_URL)
    problems.push('DATABASE_URL is required with NODE_ENV=production');
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));
  return env as Env;
}

/** The environment of this process with some settings of its own, for a process it starts. */
export function environmentWith(own: Partial<Record<keyof Settings, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...own };
}

function loadProcessEnv(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return process.env;
}
