import { describe, expect, it } from 'vitest';
import { compileFilter } from './event-type-filter.js';

describe('compileFilter', () => {
  it.each([
    ['an empty list takes every event', [], 'user.created', true],
    ['an empty list takes an event without type', [], null, true],
    ['* takes every event', ['*'], 'user.created', true],
    ['* takes an event without type', ['*'], null, true],
    ['* among others still takes every event', ['user.created', '*'], 'order.paid', true],
    ['an exact entry takes its type', ['user.created'], 'user.created', true],
    ['an exact entry does not take a longer type', ['user.created'], 'user.created.twice', false],
    ['an exact entry does not take a shorter type', ['user.created'], 'user', false],
    ['types differ in upper and lower case', ['user.created'], 'User.Created', false],
    ['an exact entry does not take an event without type', ['user.created'], null, false],
    ['a prefix takes a type below it', ['user.*'], 'user.created', true],
    ['a prefix takes types of any depth below it', ['user.*'], 'user.email.changed', true],
    ['a prefix does not take its own name', ['user.*'], 'user', false],
    ['a prefix does not take its own name with a dot', ['user.*'], 'user.', false],
    ['a prefix ends at the dot', ['user.*'], 'users.created', false],
    ['a prefix does not take an event without type', ['user.*'], null, false],
    ['a prefix may have dots itself', ['user.email.*'], 'user.email.changed', true],
    ['any entry that matches is enough', ['order.paid', 'user.*'], 'user.created', true],
    ['names of Object.prototype are types like others', ['user.created'], 'constructor', false],
    ['a dot stands for itself', ['user.created'], 'userxcreated', false],
  ] as [string, string[], string | null, boolean][])('%s', (_, eventTypes, type, taken) => {
    expect(compileFilter(eventTypes)(type)).toBe(taken);
  });
});
