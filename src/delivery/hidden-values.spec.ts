import { expect, it } from 'vitest';
import { hiddenValues, hide } from './hidden-values.js';

const HEADERS = {
  'X-Api-Key': 'secret-key-1',
  Authorization: 'Basic dXNlcjpwYXNzd29yZA==',
  'X-Quoted': 'a "quoted" value',
  'X-Longer': 'secret-key-1-and-more',
  'Content-Type': 'application/json',
  APP_ID: '1234',
};

it.each([
  ['{"x-api-key":"secret-key-1"}', '{"x-api-key":"***"}'],
  ['twice secret-key-1, secret-key-1', 'twice ***, ***'],
  ['the longer one: secret-key-1-and-more', 'the longer one: ***'],
  ['Basic dXNlcjpwYXNzd29yZA==', '***'],
  ['credentials dXNlcjpwYXNzd29yZA== alone', 'credentials *** alone'],
  [JSON.stringify({ quoted: HEADERS['X-Quoted'] }), '{"quoted":"***"}'],
  ['raw: a "quoted" value', 'raw: ***'],
  ['application/json, order 1234', 'application/json, order 1234'],
  ['', ''],
  ['cut in the middle: secret-key-1-and', 'cut in the middle: ***'],
  ['cut in the middle: dXNlcjpwYX', 'cut in the middle: ***'],
  ['no start of one: secret-key-2', 'no start of one: secret-key-2'],
  ['secret-key', '***'],
])('of %j shows %j', (text, shown) => {
  expect(hide(text, hiddenValues(HEADERS))).toBe(shown);
});

it('hides nothing where there are no headers', () => {
  expect(hiddenValues({})).toEqual([]);
});
