import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMediaType } from './media-type.js';

const accepted = [
  'application/json',
  'APPLICATION/JSON',
  ' application/json ',
  'application/json;',
  'application/json; ',
  'application/json;;charset=utf-8',
  'application/json;charset=utf-8',
  'application/json; charset=UTF-8',
  'application/json ; charset=Utf-8',
  'application/json\t;\tCharset="utf-8"',
  'application/json; charset="UTF-8"',
  'application/json; charset="ut\\f-8"',
  'application/json; charset=utf8',
  'application/json; charset="UTF8"',
  'application/json; profile="a;charset=latin1"; charset=utf-8',
  'application/json; profile="say \\"charset=x\\""',
  'application/json; profile=""',
  'application/json; version=1; q=0.5',
  'application/cloudevents+json',
  'application/cloudevents+json; charset=utf-8',
  'application/vnd.api+json',
  'Application/Vnd.GitHub.v3+JSON',
  'application/problem+json;x=y',
];

const refused = {
  'must be application/json': [
    'text/plain',
    'text/json',
    'application/xml',
    'application/jsonx',
    'application/x-json',
    'application/+json',
    'application/json+xml',
    'application/vnd.api+json-seq',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'image/svg+json',
    '*/*',
  ],
  'is malformed': [
    '',
    ' ',
    'json',
    'application',
    'application/',
    '/json',
    'application /json',
    'application/ json',
    'application/json/x',
    'application/json, application/json',
    'application/json charset=utf-8',
    'application/json; charset',
    'application/json; charset=',
    'application/json; charset =utf-8',
    'application/json; charset= utf-8',
    'application/json; charset="utf-8',
    'application/json; charset=utf-8"',
    'application/json; charset="utf-8"x',
    'application/json; charset="utf-8\\',
    'application/json; =utf-8',
    'application/json; charset=utf-8, x',
    'application/json; a="\n"',
    'application/json\n',
    'application/json; ä=1',
  ],
  'repeats the charset': [
    'application/json; charset=utf-8; charset=utf-8',
    'application/json; charset=utf-8; CHARSET="utf-8"',
    'application/json; charset=latin1; charset=utf-8',
  ],
  'must be utf-8': [
    'application/json; charset=latin1',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-16',
    'application/json; charset=us-ascii',
    'application/json; charset=utf--8',
    'application/json; charset=utf-8x',
    'application/json; charset=""',
    'application/json; charset=" utf-8"',
    "application/json; charset='utf-8'",
    'application/vnd.api+json; charset=utf-32',
  ],
};

describe('checkMediaType', () => {
  it.each(accepted)('accepts Content-Type: %j', (contentType) => {
    expect(checkMediaType(contentType, undefined)).toBeNull();
    expect(checkMediaType(contentType, undefined), 'remembered').toBeNull();
  });

  describe.each(Object.entries(refused))('refuses, since the type %s:', (reason, contentTypes) => {
    it.each(contentTypes)('%j', (contentType) => {
      expect(checkMediaType(contentType, undefined)).toContain(reason);
      expect(checkMediaType(contentType, undefined), 'remembered').toContain(reason);
    });
  });

  it('refuses a missing Content-Type', () => {
    expect(checkMediaType(undefined, undefined)).toContain('missing');
  });

  it.each(['identity', 'Identity', ' identity '])('accepts Content-Encoding: %j', (encoding) => {
    expect(checkMediaType('application/json', encoding)).toBeNull();
  });

  it.each([
    '',
    'gzip',
    'GZIP',
    'br',
    'deflate',
    'zstd',
    'identity, gzip',
    'identity, identity',
    'aws-chunked',
  ])('refuses Content-Encoding: %j', (encoding) => {
    expect(checkMediaType('application/json', encoding)).toContain('content encoding');
  });

  it('gives the same answer however many other values came in between', () => {
    for (let i = 0; i < 500; i++) {
      expect(checkMediaType(`application/v${i}+json`, undefined)).toBeNull();
      expect(checkMediaType(`text/v${i}`, undefined)).not.toBeNull();
      expect(checkMediaType('application/json', undefined)).toBeNull();
    }
  });

  it('never throws and never repeats the header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 12 }), (value) => {
        expect(checkMediaType(value, undefined) ?? '').not.toContain(value);
        expect(checkMediaType(`application/json;${value}`, value) ?? '').not.toContain(value);
      }),
    );
  });

  it('reads any quoted parameter value as one value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (value) => {
        const quoted = value.replace(/["\\]/g, '\\$&');
        expect(checkMediaType(`application/json; note="${quoted}"; charset=utf-8`, undefined)).toBeNull();
      }),
    );
  });

  it('takes linear time on a hostile header', () => {
    const startedAt = performance.now();
    checkMediaType(`application/json;a="${'\\"'.repeat(200_000)}`, undefined);
    checkMediaType(`application/json${';a=b '.repeat(100_000)}!`, undefined);
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});
