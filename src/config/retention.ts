import type { Env } from './env.js';

/** How long things are kept, in days; `Infinity` keeps them for ever. */
export interface RetentionPeriods {
  /** Finished deliveries and their attempts. */
  logDays: number;
  /** Bodies of events. */
  payloadDays: number;
  /** Event ids, so that a repeated one is known. */
  dedupDays: number;
}

type RetentionEnv = Pick<Env, 'RETENTION_DAYS' | 'PAYLOAD_RETENTION_DAYS' | 'DEDUP_DAYS' | 'RETRY_SCHEDULE'>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DEDUP_LONGER_BY_DAYS = 7;
const MAX_DAYS = 36_500;

export function parseDays(text: string): number {
  if (text === 'forever') return Infinity;
  const days = Number(text);
  if (!/^\d{1,5}$/.test(text) || days < 1 || days > MAX_DAYS)
    throw new Error(`must be a whole number of days from 1 to ${MAX_DAYS}, or forever`);
  return days;
}

export function readPeriods(env: RetentionEnv): RetentionPeriods {
  return {
    logDays: env.RETENTION_DAYS,
    payloadDays: env.PAYLOAD_RETENTION_DAYS ?? env.RETENTION_DAYS,
    dedupDays: env.DEDUP_DAYS ?? env.RETENTION_DAYS + DEDUP_LONGER_BY_DAYS,
  };
}

/** What is wrong between the periods, a sentence each. Settings that could not be read are undefined and told elsewhere. */
export function findPeriodProblems(env: RetentionEnv): string[] {
  const { logDays, payloadDays, dedupDays } = readPeriods(env);
  const scheduleMs = (env.RETRY_SCHEDULE ?? []).reduce((sum, waitMs) => sum + waitMs, 0);
  const problems: string[] = [];
  if (logDays * DAY_MS < scheduleMs)
    problems.push(
      `RETENTION_DAYS must be at least ${Math.ceil(scheduleMs / DAY_MS)}: the attempts of RETRY_SCHEDULE take ` +
        `${Math.ceil(scheduleMs / HOUR_MS)} h, and an event that may still be delivered is never removed`,
    );
  if (payloadDays > logDays) problems.push('PAYLOAD_RETENTION_DAYS must not be longer than RETENTION_DAYS');
  if (dedupDays < logDays) problems.push('DEDUP_DAYS must not be shorter than RETENTION_DAYS');
  return problems;
}
