import { Histogram as PromHistogram, Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { Histogram } from './histogram.js';

const BOUNDS = [0.001, 0.05, 0.1, 1, 30];

it.each([
  ['nothing', []],
  ['bounds themselves', BOUNDS],
  ['values below, between and above them', [0, 0.0005, 0.07, 0.07, 0.3, 29.9, 31, 86_400]],
])('says the same of %s as prom-client', async (_, values) => {
  const registry = new Registry();
  const theirs = new PromHistogram({
    name: 'delay_seconds',
    help: 'A delay.',
    buckets: BOUNDS,
    registers: [registry],
  });
  const ours = new Histogram('delay_seconds', 'A delay.', BOUNDS);
  for (const value of values) {
    theirs.observe(value);
    ours.observe(value);
  }
  expect(ours.render()).toBe(await registry.metrics());
});

it('does not count what is no number', () => {
  const histogram = new Histogram('delay_seconds', 'A delay.', BOUNDS);
  const nothing = histogram.render();
  for (const value of [NaN, Infinity, -Infinity]) histogram.observe(value);
  expect(histogram.render()).toBe(nothing);
});
