import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkHeaders } from './header-rules.js';

const fieldsOf = (headers: unknown): string[] => checkHeaders(headers).map(({ field }) => field);

describe('headers of a destination', () => {
  it('may be what the seeds send', () => {
    const headers = {
      APP_ID: '1234APPID1234',
      APP_SECRET: 'enwdj3bshwer43bjhjs9ereuinkjcnsiurew8s',
      ACTION: 'user.update',
      'Content-Type': 'application/json',
      Accept: '*',
      Authorization: 'Bearer a\tb',
      'User-Agent': '',
    };
    expect(checkHeaders(headers)).toEqual([]);
    expect(checkHeaders({})).toEqual([]);
  });

  it.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'TE',
    'Trailer',
    'Connection',
    'Keep-Alive',
    'Upgrade',
    'Expect',
    'Proxy-Authorization',
    'proxy-x',
    'Via',
    'Forwarded',
    'X-Forwarded-For',
    'Accept-Encoding',
    'webhook-id',
    'Webhook-Anything',
    'CL-X-TOKEN',
    'cl-x-event-id',
  ])('must not include %s', (name) => {
    expect(fieldsOf({ [name]: 'x' })).toEqual([`headers.${name}`]);
  });

  it.each(['', 'a b', 'a:b', 'ü', 'a\r\nb', 'a'.repeat(65), '(x)', 'x\0'])('refuse the name %j', (name) => {
    expect(fieldsOf({ [name]: 'x' })).toEqual([`headers.${name.slice(0, 64)}`]);
  });

  it.each(['a\r\nX-Evil: 1', 'a\nb', 'ü', '\0', '\x7f', 1, null, true, {}, ['a'], undefined])(
    'refuse the value %j',
    (value) => {
      expect(fieldsOf({ 'X-A': value })).toEqual(['headers.X-A']);
    },
  );

  it.each([null, undefined, [], ['a'], 'a', 1, true])('must be an object, not %j', (headers) => {
    expect(checkHeaders(headers)).toEqual([{ field: 'headers', message: 'must be an object of strings' }]);
  });

  it('are the same in upper and lower case', () => {
    expect(fieldsOf({ 'X-A': '1', 'x-a': '2' })).toEqual(['headers.x-a']);
  });

  it('are at most 30', () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, 'v']));
    expect(checkHeaders(many(30))).toEqual([]);
    expect(fieldsOf(many(31))).toEqual(['headers']);
  });

  it('have at most 8 KiB, names and values together', () => {
    expect(checkHeaders({ 'X-A': 'v'.repeat(8189) })).toEqual([]);
    expect(fieldsOf({ 'X-A': 'v'.repeat(8190) })).toEqual(['headers']);
  });

  it('may be called like members of Object', () => {
    const headers: unknown = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}');
    expect(checkHeaders(headers)).toEqual([]);
    expect(fieldsOf(JSON.parse('{"__proto__":{"x":1}}'))).toEqual(['headers.__proto__']);
  });

  it('never make the check throw', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, maxDepth: 2 }), (headers) => {
        expect(Array.isArray(checkHeaders(headers))).toBe(true);
      }),
    );
  });

  it('can be sent when nothing is wrong with them', () => {
    const texts = fc.string({ unit: 'grapheme-ascii', maxLength: 8 });
    fc.assert(
      fc.property(fc.dictionary(texts, texts, { maxKeys: 4, noNullPrototype: true }), (headers) => {
        fc.pre(checkHeaders(headers).length === 0);
        expect(() => new Headers(headers)).not.toThrow();
      }),
    );
  });
});
