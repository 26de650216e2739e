import { describe, expect, it } from 'vitest';
import { readPlainRequest } from './plain-request.js';

const MAX_BODY_BYTES = 100;
const LINE = 'POST /api/server/incoming_data HTTP/1.1';
const HEADERS = ['Host: a.example:8080', 'CL-X-TOKEN: secret', 'Content-Length: 2'];

const wire = (lines: string[], body = '{}') => Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
const read = (...lines: string[]) => readPlainRequest(wire(lines), MAX_BODY_BYTES);

describe('a plain request', () => {
  it('tells what is looked at, and where its body is', () => {
    const more = ['Content-Type: application/json', 'CL-X-EVENT-ID: e-1', 'X-Request-Id: r-1', 'Accept: */*'];
    const bytes = wire([LINE, ...HEADERS, ...more]);
    const request = readPlainRequest(bytes, MAX_BODY_BYTES)!;
    expect(request).toEqual({
      token: 'secret',
      eventId: 'e-1',
      contentType: 'application/json',
      requestId: 'r-1',
      bodyAt: bytes.length - 2,
      contentLength: 2,
      since: expect.any(Number),
    });
  });

  it.each([
    ['the path without /api', ['POST /server/incoming_data HTTP/1.1', ...HEADERS]],
    ['headers in any case', [LINE, 'hOST: a', 'cl-x-token: t', 'CONTENT-LENGTH: 0']],
    ['blanks around a value', [LINE, 'Host:a', 'CL-X-TOKEN:  secret  ', 'Content-Length:  2 ']],
    ['no token, which is answered 401', [LINE, 'Host: a', 'Content-Length: 2']],
    ['a connection that is kept', [LINE, ...HEADERS, 'Connection: Keep-Alive']],
    ['headers nobody looks at, more than once', [LINE, ...HEADERS, 'Via: a', 'Via: b', 'X:', 'X: ']],
    ['names of members of any object', [LINE, ...HEADERS, 'constructor: 1', '__proto__: 2', 'toString: 3']],
    ['the longest body', [LINE, 'Host: a', `Content-Length: ${MAX_BODY_BYTES}`]],
  ])('may have %s', (_, lines) => expect(read(...lines)).not.toBeNull());
});

describe('any other request is left to Node', () => {
  it.each([
    ['another method', ['GET /api/server/incoming_data HTTP/1.1', ...HEADERS]],
    ['another path', ['POST /api/server/incoming_data/batch HTTP/1.1', ...HEADERS]],
    ['a query', ['POST /api/server/incoming_data?a HTTP/1.1', ...HEADERS]],
    ['a slash behind', ['POST /api/server/incoming_data/ HTTP/1.1', ...HEADERS]],
    ['HTTP/1.0', ['POST /api/server/incoming_data HTTP/1.0', ...HEADERS]],
    ['an empty line before', ['', LINE, ...HEADERS]],
    ['an empty head', [LINE]],
    ['no Host', [LINE, 'Content-Length: 2']],
    ['a Host that is none', [LINE, 'Host: a b', 'Content-Length: 2']],
    ['two Hosts', [LINE, ...HEADERS, 'Host: a.example:8080']],
    ['two tokens', [LINE, ...HEADERS, 'CL-X-TOKEN: secret']],
    ['two event ids', [LINE, ...HEADERS, 'CL-X-EVENT-ID: a', 'CL-X-EVENT-ID: b']],
    ['two lengths', [LINE, ...HEADERS, 'Content-Length: 2']],
    ['two lengths in one', [LINE, 'Host: a', 'Content-Length: 2, 2']],
    ['no length', [LINE, 'Host: a']],
    ['an empty length', [LINE, 'Host: a', 'Content-Length:']],
    ['a length with a sign', [LINE, 'Host: a', 'Content-Length: +2']],
    ['a length in hexadecimal', [LINE, 'Host: a', 'Content-Length: 0x2']],
    ['a body that is too long', [LINE, 'Host: a', `Content-Length: ${MAX_BODY_BYTES + 1}`]],
    ['a length beyond all numbers', [LINE, 'Host: a', `Content-Length: ${'9'.repeat(400)}`]],
    ['chunks', [LINE, ...HEADERS, 'Transfer-Encoding: chunked']],
    ['a coded body', [LINE, ...HEADERS, 'Content-Encoding: gzip']],
    ['an expectation', [LINE, ...HEADERS, 'Expect: 100-continue']],
    ['an upgrade', [LINE, ...HEADERS, 'Upgrade: h2c']],
    ['trailers', [LINE, ...HEADERS, 'Trailer: x']],
    ['an end of the connection', [LINE, ...HEADERS, 'Connection: close']],
    ['a list of what the connection is for', [LINE, ...HEADERS, 'Connection: keep-alive, x']],
    ['the header of a proxy', [LINE, ...HEADERS, 'Proxy-Connection: close']],
    ['a folded header', [LINE, ...HEADERS, 'X: a', ' b']],
    ['a blank before a colon', [LINE, ...HEADERS, 'X : a']],
    ['a header without a name', [LINE, ...HEADERS, ': a']],
    ['a header without a colon', [LINE, ...HEADERS, 'X']],
    ['a carriage return in a value', [LINE, ...HEADERS, 'X: a\rb']],
    ['a line feed in a value', [LINE, ...HEADERS, 'X: a\nContent-Length: 3']],
    ['a NUL in a value', [LINE, ...HEADERS, 'X: a\0']],
    ['a tab, where Node refuses it in some', [LINE, 'Host: a', 'Content-Length: 2\t']],
    ['a control character in a value', [LINE, ...HEADERS, 'X: a\u0001']],
    ['a byte beyond ASCII', [LINE, ...HEADERS, 'X: \u00e9']],
    ['a long head', [LINE, ...HEADERS, `X: ${'a'.repeat(8192)}`]],
  ])('%s', (_, lines) => expect(read(...lines)).toBeNull());

  it('a head of which more has to come', () => {
    const bytes = wire([LINE, ...HEADERS], '');
    for (let size = 0; size < bytes.length; size++)
      expect(readPlainRequest(bytes.subarray(0, size), MAX_BODY_BYTES)).toBeNull();
    expect(readPlainRequest(bytes, MAX_BODY_BYTES)).not.toBeNull();
  });
});
