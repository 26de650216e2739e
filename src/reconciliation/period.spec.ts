import { describe, expect, it } from 'vitest';
import { Problem } from '../common/errors/problem.js';
import { readPeriod } from './period.js';

const NOW = Date.parse('2026-03-10T12:00:00Z');

describe('the period of a reconciliation', () => {
  it('is the last 24 hours by default, and 24 hours before "to" when only that is sent', () => {
    expect(readPeriod({}, NOW)).toEqual({ fromMs: NOW - 86_400_000, toMs: NOW });
    const to = '2026-03-01T00:00:00.500Z';
    expect(readPeriod({ to }, NOW)).toEqual({ fromMs: Date.parse(to) - 86_400_000, toMs: Date.parse(to) });
  });

  it('takes offsets, milliseconds and exactly 31 days', () => {
    const period = readPeriod({ from: '2026-01-01T01:00:00.001+01:00', to: '2026-02-01T00:00:00.001Z' }, NOW);
    expect(period.fromMs).toBe(Date.parse('2026-01-01T00:00:00.001Z'));
  });

  it.each([
    [{ from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00.001Z' }, 'from', '31 days'],
    [{ from: '2026-02-01T00:00:00Z', to: '2026-02-01T00:00:00Z' }, 'from', 'before to'],
    [{ from: '2026-03-11T00:00:00Z' }, 'from', 'before to'],
    [{ from: '2026-01-01T00:00:00+99:00' }, 'from', 'RFC 3339'],
    [{ to: '2026-01-01T23:59:99Z' }, 'to', 'RFC 3339'],
  ])('refuses %j and names the field', (query, field, text) => {
    let problem: unknown;
    try {
      readPeriod(query, NOW);
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(Problem);
    const [error] = (problem as Problem).options.errors!;
    expect(error).toEqual({ field, message: expect.stringContaining(text) });
  });
});
