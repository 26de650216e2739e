import fc from 'fast-check';
import { SAMPLE } from './damage.js';
import { GOOD } from './wire.js';

/** Bytes; what they mean is up to the rule that they are given to. */
export type Input = Buffer;

interface Edit {
  /** Where, from 0 to 1 of the length. */
  at: number;
  removed: number;
  inserted: string;
}

// prettier-ignore
const PIECES = [
  '', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '.', 'e', 'true', 'null', ' ', '\n', '\0', '\x0c',
  '\x80', '\xff', '\xc3\xa9', '\xed\xa0\x80', '\xef\xbb\xbf', '\\u0000', '\\ud800', '\\x', '1e9', '[[',
  '{"', '":', '//', "'",
];

// prettier-ignore
const LINES = [
  '', '\r', '\n', '\r\n', '\r\n\r\n', ' ', '\t', ':', ',', '\0', '\xff', 'Host: y\r\n',
  'Content-Length: 1\r\n', 'Content-Length: 99\r\n', 'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n', 'Connection: close\r\n', 'Expect: 100-continue\r\n', 'CL-X-TOKEN: x\r\n',
  'CL-X-EVENT-ID: a\r\n', 'Content-Encoding: gzip\r\n', 'GET / HTTP/1.1\r\n', 'HTTP/1.0', 'HTTP/2.0',
  '0\r\n\r\n', '2\r\n{}\r\n', '{}', '%', '/../', '?a=b', 'Upgrade: h2c\r\n', 'CONNECT x:1',
  'A: b\r\n c\r\n',
];

const edits = (pieces: string[]): fc.Arbitrary<Edit[]> =>
  fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      removed: fc.nat({ max: 4 }),
      inserted: fc.oneof(
        fc.constantFrom(...pieces),
        fc.nat({ max: 255 }).map((byte) => String.fromCharCode(byte)),
      ),
    }),
    { maxLength: 4 },
  );

function apply(text: string, changes: Edit[]): Buffer {
  const edited = changes.reduce((current, { at, removed, inserted }) => {
    const index = Math.floor(at * current.length);
    return current.slice(0, index) + inserted + current.slice(index + removed);
  }, text);
  return Buffer.from(edited, 'latin1');
}

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

/** JSON of any kind, the sample among it, with up to four edits. */
export function mutatedDocuments(): fc.Arbitrary<Input> {
  const documents = fc.oneof(
    fc.constant(SAMPLE.toString('latin1')),
    fc.json({ maxDepth: 5, stringUnit: 'binary' }).map(latin1),
    fc
      .array(fc.jsonValue({ stringUnit: 'grapheme' }), { maxLength: 5 })
      .map((value) => latin1(JSON.stringify(value, null, 1))),
    fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => `[${pieces.join('')}]`),
  );
  return fc.tuple(documents, edits(PIECES)).map(([document, changes]) => apply(document, changes));
}

/** One to three requests in a row with up to four edits. */
export function httpRequests(): fc.Arbitrary<Input> {
  const chunked = GOOD.replace(
    'Content-Length: 2\r\n\r\n{}',
    'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  );
  const read = 'GET /api/accounts HTTP/1.1\r\nHost: x\r\n\r\n';
  const requests = fc.array(fc.constantFrom(GOOD, chunked, read), { minLength: 1, maxLength: 3 });
  return fc.tuple(requests, edits(LINES)).map(([all, changes]) => apply(all.join(''), changes));
}

// prettier-ignore
const FIELDS = [
  'account_name', 'website', 'email', 'url', 'headers', 'http_method', 'event_types', 'description',
  'max_in_flight', 'timeout_ms', 'event_ids', 'role_name', 'grace_seconds', 'refresh_token',
];
const OPERATIONS: [method: string, path: string][] = [
  ['POST', '/api/accounts'],
  ['PATCH', '/api/accounts/{accountId}'],
  ['POST', '/api/accounts/{accountId}/destinations'],
  ['POST', '/api/accounts/{accountId}/members'],
  ['POST', '/api/accounts/{accountId}/reconciliation'],
  ['POST', '/api/reconciliation'],
  ['POST', '/api/user/refresh'],
];

/** Known fields and others with JSON of any kind in them. */
export function managementBodies(): fc.Arbitrary<Input> {
  const names = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...FIELDS) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  );
  const values = fc.oneof(
    fc.jsonValue({ stringUnit: 'binary' }),
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.emailAddress(),
    fc.webUrl(),
  );
  const bodies = fc.array(fc.tuple(names, values), { maxLength: 5 });
  return fc.tuple(fc.constantFrom(...OPERATIONS), bodies).map(([[method, path], fields]) => {
    const body = `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
    return Buffer.from(JSON.stringify({ method, path, body }));
  });
}
