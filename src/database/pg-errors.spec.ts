import { describe, expect, it } from 'vitest';
import { QueryFailedError } from 'typeorm';
import { unavailabilityOf } from './pg-errors.js';

const errorOf = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);

describe('what an error of the database says of what it was asked', () => {
  it.each([
    [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'away'],
    [{ code: 'ETIMEDOUT', syscall: 'connect' }, 'away'],
    [{ code: 'ENOENT', syscall: 'connect' }, 'away'],
    [{ code: 'EAI_AGAIN', syscall: 'getaddrinfo' }, 'away'],
    [{ code: '57P03' }, 'away'],
    [{ code: '53300' }, 'away'],
    [{ code: '57014' }, 'tooLong'],
    [{ code: '55P03' }, 'busy'],
    [{ code: '40P01' }, 'busy'],
    [{ code: '40001' }, 'busy'],
    [{ code: '53100' }, 'refused'],
    [{ code: 'XX000' }, 'refused'],
    [{ code: '25006' }, 'refused'],
    [{ code: '40003' }, 'unanswered'],
    [{ code: '57P01' }, 'unanswered'],
    [{ code: '08006' }, 'unanswered'],
    [{ code: 'ECONNRESET', syscall: 'read' }, 'unanswered'],
    [{ code: 'ETIMEDOUT', syscall: 'read' }, 'unanswered'],
    [{ code: 'EPIPE', syscall: 'write' }, 'unanswered'],
    [{ code: '23505' }, null],
    [{ code: '42601' }, null],
  ])('%j: %s', (more, expected) => {
    expect(unavailabilityOf(errorOf('x', more))).toBe(expected);
    expect(unavailabilityOf(new QueryFailedError('SELECT', [], errorOf('x', more)))).toBe(expected);
  });

  it.each([
    ['timeout exceeded when trying to connect', 'away'],
    ['Connection terminated due to connection timeout', 'away'],
    ['Client has encountered a connection error and is not queryable', 'away'],
    ['Cannot use a pool after calling end on the pool', 'away'],
    ['Connection terminated unexpectedly', 'unanswered'],
    ['Query read timeout', 'unanswered'],
    ['cannot read properties of undefined', null],
  ])('%s: %s', (message, expected) => {
    expect(unavailabilityOf(errorOf(message))).toBe(expected);
  });
});
