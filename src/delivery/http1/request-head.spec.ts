import { expect, it } from 'vitest';
import { InvalidRequestError } from './exchange.js';
import { requestHead } from './request-head.js';

it('has what was asked for, framed', () => {
  expect(requestHead('POST', '/a?b=c', 'x.test:81', ['X-Own', 'yes', 'x-empty', ''], 7)).toBe(
    'POST /a?b=c HTTP/1.1\r\nhost: x.test:81\r\nconnection: keep-alive\r\nX-Own: yes\r\nx-empty: \r\ncontent-length: 7\r\n\r\n',
  );
  expect(requestHead('GET', '/', 'x.test', [], null)).toBe(
    'GET / HTTP/1.1\r\nhost: x.test\r\nconnection: keep-alive\r\n\r\n',
  );
});

it.each([
  ['a line in a value', '/', ['x', 'a\r\ny: z']],
  ['half a line in a value', '/', ['x', 'a\nb']],
  ['NUL in a value', '/', ['x', '\0']],
  ['what is no byte in a value', '/', ['x', '\u0100']],
  ['a line in a name', '/', ['x\r\ny', 'a']],
  ['a blank in a name', '/', ['x y', 'a']],
  ['no name', '/', ['', 'a']],
  ['a length', '/', ['Content-Length', '1']],
  ['an encoding', '/', ['transfer-encoding', 'chunked']],
  ['another host', '/', ['HOST', 'y.test']],
  ['another end of the connection', '/', ['connection', 'upgrade']],
  ['a blank in the path', '/a b', []],
  ['a line in the path', '/a\r\n', []],
  ['no path', '', []],
])('%s is refused', (_, path, headers) => {
  expect(() => requestHead('POST', path, 'x.test', headers, 1)).toThrow(InvalidRequestError);
});
