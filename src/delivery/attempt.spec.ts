import { expect, it } from 'vitest';
import { Attempt } from './attempt.js';
import type { Outcome } from './outcome.js';

const TIMEOUT_MS = 20;

it.each([
  ['its deadline', TIMEOUT_MS, Infinity],
  ['the end of its lease', 10_000, TIMEOUT_MS],
])('sends nothing any more where the process stood still until after %s', (_, timeoutMs, leaseMs) => {
  const outcomes: Outcome[] = [];
  const attempt = new Attempt({
    host: 'hooks.example',
    timeoutMs,
    sendBefore: performance.now() + leaseMs,
    maxResponseBytes: 1024,
    keepResponseBytes: 1024,
    onEnd: (outcome) => outcomes.push(outcome),
  });
  standStill(TIMEOUT_MS + 5);
  expect(outcomes).toEqual([]);

  expect(attempt.onConnection(() => undefined)).toBe(false);

  expect(outcomes).toMatchObject([{ statusCode: null, errorCode: 'timeout' }]);
});

/** No timer runs meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
