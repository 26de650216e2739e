import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPeriods } from './retention.js';
import { SettingsError, readEnv, settings } from './env.js';

const own = {
  DATABASE_URL: 'postgres://localhost/x',
  JWT_SECRET: 'x'.repeat(32),
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString('base64')}`,
};

describe('settings', () => {
  it('have defaults for everything but what belongs to a database of your own', () => {
    expect(readEnv({})).toMatchObject({ PORT: 8000, REGISTRATION: 'open', MAX_BODY_BYTES: 1024 * 1024 });
    expect(readEnv({}).RETRY_SCHEDULE).toHaveLength(10);
  });

  it('report every problem at once, each with its key', () => {
    const wrong = {
      PORT: '80a',
      REGISTRATION: 'maybe',
      RETRY_SCHEDULE: '5 minutes',
      DATABASE_URL: 'mysql://x',
      EGRESS_ALLOW: 'nowhere',
    };
    let message = '';
    try {
      readEnv(wrong);
    } catch (error) {
      expect(error).toBeInstanceOf(SettingsError);
      message = (error as Error).message;
    }
    for (const key of [...Object.keys(wrong), 'JWT_SECRET', 'ENCRYPTION_KEYS'])
      expect(message).toMatch(new RegExp(`^${key} `, 'm'));
  });

  it('take an empty value as not set', () => {
    expect(readEnv({ PORT: '', DATABASE_URL: '' })).toMatchObject({ PORT: 8000, DATABASE_URL: undefined });
  });

  it('require secrets with a database of your own, and such a database in production', () => {
    expect(() => readEnv({ DATABASE_URL: own.DATABASE_URL })).toThrow(/JWT_SECRET is required/);
    expect(() => readEnv({ ...own, JWT_SECRET: 'short' })).toThrow(/at least 32 characters/);
    expect(() => readEnv({ NODE_ENV: 'production' })).toThrow(/DATABASE_URL is required/);
    expect(readEnv({ ...own, NODE_ENV: 'production' }).NODE_ENV).toBe('production');
  });

  it('read the retry schedule as milliseconds', () => {
    expect(readEnv({ RETRY_SCHEDULE: '0s, 250ms,5m,1d' }).RETRY_SCHEDULE).toEqual([
      0, 250, 300_000, 86_400_000,
    ]);
  });

  it.each(['5', '5s,', 'x', '-5s', '1.5s', Array(31).fill('1s').join(',')])(
    'refuse the schedule %j',
    (text) => {
      expect(() => readEnv({ RETRY_SCHEDULE: text })).toThrow(/^RETRY_SCHEDULE (has|must)/);
    },
  );

  it('keep logs for 30 days, bodies as long and event ids a week longer unless told otherwise', () => {
    const periods = (env: Record<string, string>) => readPeriods(readEnv(env));
    expect(periods({})).toEqual({ logDays: 30, payloadDays: 30, dedupDays: 37 });
    expect(periods({ RETENTION_DAYS: '10' })).toEqual({ logDays: 10, payloadDays: 10, dedupDays: 17 });
    expect(periods({ RETENTION_DAYS: 'forever', PAYLOAD_RETENTION_DAYS: '3' })).toEqual({
      logDays: Infinity,
      payloadDays: 3,
      dedupDays: Infinity,
    });
  });

  it.each([
    [{ RETENTION_DAYS: '3' }, /^RETENTION_DAYS must be at least 4: the attempts of RETRY_SCHEDULE take 76 h/],
    [{ RETENTION_DAYS: '0' }, /^RETENTION_DAYS must be a whole number of days .* or forever$/],
    [{ PAYLOAD_RETENTION_DAYS: '31' }, /^PAYLOAD_RETENTION_DAYS must not be longer than RETENTION_DAYS$/],
    [{ PAYLOAD_RETENTION_DAYS: 'forever' }, /^PAYLOAD_RETENTION_DAYS must not be longer/],
    [{ DEDUP_DAYS: '29' }, /^DEDUP_DAYS must not be shorter than RETENTION_DAYS$/],
    [{ RETENTION_DAYS: 'forever', DEDUP_DAYS: '90' }, /^DEDUP_DAYS must not be shorter/],
    [
      { RETENTION_DAYS: '3', PAYLOAD_RETENTION_DAYS: '4', DEDUP_DAYS: '2' },
      /RETENTION_DAYS.*\nPAYLOAD.*\nDEDUP/,
    ],
  ])('refuse the periods %j', (env, message) => {
    expect(() => readEnv(env)).toThrow(message);
  });

  it('stand in .env.example one by one, with their defaults', () => {
    const lines = readFileSync(new URL('../../.env.example', import.meta.url), 'utf8').split('\n');
    const examples = lines.flatMap((line) => /^#? ?([A-Z][A-Z_]+)=(.*)$/.exec(line)?.slice(1, 3) ?? []);
    const pairs = Object.fromEntries(
      Array.from({ length: examples.length / 2 }, (_, index) => [
        examples[2 * index]!,
        examples[2 * index + 1]!,
      ]),
    );
    expect(Object.keys(pairs).toSorted()).toEqual(Object.keys(settings).toSorted());
    const set = Object.fromEntries(Object.entries(pairs).filter(([, value]) => value !== ''));
    expect(readEnv(set)).toEqual(readEnv({}));
  });
});
