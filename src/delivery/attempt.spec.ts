import { expect, it } from 'vitest';
import { Attempt } from './attempt.js';
import type { Outcome } from './outcome.js';

const TIMEOUT_MS = 20;

it('sends nothing any more where the process stood still until after the deadline', () => {
  const outcomes: Outcome[] = [];
  const attempt = new Attempt({
    host: 'hooks.example',
    timeoutMs: TIMEOUT_MS,
    maxResponseBytes: 1024,
    keepResponseBytes: 1024,
    onEnd: (outcome) => outcomes.push(outcome),
  });
  standStill(TIMEOUT_MS + 5);
  expect(outcomes).toEqual([]);

  expect(() => attempt.onConnect(() => undefined)).toThrow('the attempt is over');

  expect(outcomes).toMatchObject([{ statusCode: null, errorCode: 'timeout' }]);
});

/** No timer runs meanwhile. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
