/** What a check found. `todo` says what to do about it where it is not ok. */
export interface Finding {
  level: 'ok' | 'warn' | 'fail';
  what: string;
  says: string;
  todo?: string;
}

export const ok = (what: string, says: string): Finding => ({ level: 'ok', what, says });

export const warn = (what: string, says: string, todo: string): Finding => ({
  level: 'warn',
  what,
  says,
  todo,
});

export const fail = (what: string, says: string, todo: string): Finding => ({
  level: 'fail',
  what,
  says,
  todo,
});

const SLOW_CLOCK_MS = 1000;
const WRONG_CLOCK_MS = 30_000;

/** Compares a clock read between `startedAt` and `endedAt` of this process with this process' own. */
export function compareClock(
  what: string,
  theirMs: number,
  { startedAt, endedAt }: { startedAt: number; endedAt: number },
): Finding {
  const difference = Math.round(theirMs - (startedAt + endedAt) / 2);
  const says = `${Math.abs(difference)} ms ${difference < 0 ? 'behind' : 'ahead of'} this machine`;
  const todo = 'Run a time service such as chrony on every machine; retries and limits go by these clocks.';
  if (Math.abs(difference) > WRONG_CLOCK_MS) return fail(what, says, todo);
  return Math.abs(difference) > SLOW_CLOCK_MS ? warn(what, says, todo) : ok(what, says);
}
