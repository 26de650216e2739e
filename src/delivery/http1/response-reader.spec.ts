import { describe, expect, it } from 'vitest';
import { ProtocolError } from './exchange.js';
import { ResponseReader } from './response-reader.js';

interface Heard {
  heads: string[];
  body: string;
  isComplete: boolean;
  keepAliveMs: number;
}

/** What is heard of bytes that come in these pieces. */
function hear(pieces: Buffer[], endsAfter = false): Heard {
  const heads: string[] = [];
  let body = '';
  const reader = new ResponseReader();
  reader.begin({
    onHead: (statusCode, retryAfter) => void heads.push([statusCode, retryAfter].join(' ').trim()),
    onBody: (chunk) => void (body += chunk.toString('latin1')),
  });
  for (const piece of pieces) {
    if (reader.isComplete) break;
    const memory = Buffer.from(piece);
    reader.read(memory);
    // The next one of another connection is read into it.
    memory.fill('x');
  }
  const isComplete = endsAfter ? reader.end() : reader.isComplete;
  return { heads, body, isComplete, keepAliveMs: reader.keepAliveMs };
}

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const halves = (bytes: Buffer, at: number): Buffer[] => [bytes.subarray(0, at), bytes.subarray(at)];
const whole = (bytes: Buffer): Buffer[] => [bytes];
const single = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.from([byte]));

const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

describe('an answer, in whatever pieces it comes,', () => {
  it.each<[string, string, string[], string, number]>([
    ['of a length', LENGTH, ['200'], 'hello', 4000],
    ['of no length at all', 'HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n', ['201'], '', 4000],
    ['without a reason', 'HTTP/1.1 200\r\ncontent-length: 1\r\n\r\nx', ['200'], 'x', 4000],
    ['in chunks', `${CHUNKED}3\r\nabc\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n`, ['200'], 'abc0123456789', 4000],
    ['in chunks with trailers', `${CHUNKED}1\r\na\r\n0\r\nx: y\r\nz: w\r\n\r\n`, ['200'], 'a', 4000],
    [
      'in chunks of something else',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
      ['200'],
      'a',
      4000,
    ],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', ['204'], '', 4000],
    ['304 with a length', 'HTTP/1.1 304 X\r\ncontent-length: 9\r\n\r\n', ['304'], '', 4000],
    [
      'after interim ones',
      `HTTP/1.1 103 X\r\nlink: a\r\n\r\nHTTP/1.1 102 X\r\n\r\n${LENGTH}`,
      ['103', '102', '200'],
      'hello',
      4000,
    ],
    [
      'that asks to wait',
      'HTTP/1.1 503 X\r\nRETRY-after:  7 \r\ncontent-length: 0\r\n\r\n',
      ['503 7'],
      '',
      4000,
    ],
    [
      'that ends the connection',
      'HTTP/1.1 200 X\r\nConnection: a, Close\r\ncontent-length: 0\r\n\r\n',
      ['200'],
      '',
      0,
    ],
    ['of HTTP/1.0', 'HTTP/1.0 200 X\r\ncontent-length: 0\r\n\r\n', ['200'], '', 0],
    [
      'of HTTP/1.0 that goes on',
      'HTTP/1.0 200 X\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n',
      ['200'],
      '',
      4000,
    ],
    [
      'that says how long',
      'HTTP/1.1 200 X\r\nkeep-alive: max=9, timeout=30\r\ncontent-length: 0\r\n\r\n',
      ['200'],
      '',
      28_000,
    ],
    [
      'that says how short before it says that',
      'HTTP/1.1 200 X\r\nkeep-alive: timeout=1\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n',
      ['200'],
      '',
      0,
    ],
    [
      'that ends the connection and does not',
      'HTTP/1.1 200 X\r\nconnection: close\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n',
      ['200'],
      '',
      0,
    ],
    [
      'that says how short',
      'HTTP/1.1 200 X\r\nkeep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n',
      ['200'],
      '',
      0,
    ],
    [
      'that says how long for ever',
      'HTTP/1.1 200 X\r\nkeep-alive: timeout=99999999\r\ncontent-length: 0\r\n\r\n',
      ['200'],
      '',
      600_000,
    ],
  ])('%s is the same', (_, text, heads, body, keepAliveMs) => {
    const bytes = bytesOf(text);
    const expected = { heads, body, isComplete: true, keepAliveMs };
    for (let at = 0; at < bytes.length; at++) expect(hear(halves(bytes, at))).toEqual(expected);
    expect(hear(single(bytes))).toEqual(expected);
    for (let length = 1; length < bytes.length; length++)
      expect(hear([bytes.subarray(0, length)], true).isComplete).toBe(false);
  });

  it.each([
    ['says nothing of its end', 'HTTP/1.1 200 OK\r\n\r\nabc'],
    ['says something else of it', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\nabc'],
  ])('that %s ends with the connection', (_, text) => {
    const expected = { heads: ['200'], body: 'abc', keepAliveMs: 0 };
    expect(hear([bytesOf(text)])).toMatchObject({ ...expected, isComplete: false });
    expect(hear(single(bytesOf(text)), true)).toEqual({ ...expected, isComplete: true });
  });

  it('of which there is more than it says is the last one of its connection', () => {
    expect(hear([bytesOf(`${LENGTH}, world`)])).toEqual({
      heads: ['200'],
      body: 'hello',
      isComplete: true,
      keepAliveMs: 0,
    });
  });
});

describe('an error at once, in whatever pieces it comes, is', () => {
  it.each<[string, string, ((bytes: Buffer) => Buffer[])?]>([
    ['another protocol', 'SSH-2.0-x\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['an unasked 100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['an unasked 101', 'HTTP/1.1 101 X\r\nupgrade: x\r\n\r\n'],
    ['a line without a carriage return', 'HTTP/1.1 200 OK\n'],
    ['a lone carriage return', 'HTTP/1.1 200 OK\r\nx: a\rb'],
    ['a carriage return too many', 'HTTP/1.1 200 OK\r\nx: a\r\r\n\r\n'],
    ['NUL', 'HTTP/1.1 200 OK\r\nx: \0'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nx\r\n\r\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: x\r\n\r\n'],
    ['a blank before a colon', 'HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\n'],
    ['a header of two lines', 'HTTP/1.1 200 OK\r\ncontent-length:\r\n 5\r\n\r\n'],
    ['a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'],
    ['a length in hexadecimal', 'HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\n'],
    ['a length beyond all numbers', `HTTP/1.1 200 OK\r\ncontent-length: ${'9'.repeat(20)}\r\n\r\n`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\n'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\n'],
    ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'],
    ['a length and an encoding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ncontent-length: 1\r\n\r\n'],
    ['a chunk without a size', `${CHUNKED}\r\n`],
    ['a chunk of a size that is none', `${CHUNKED}xyz\r\n`],
    ['a chunk of a negative size', `${CHUNKED}-1\r\n`],
    ['a chunk that is longer than it says', `${CHUNKED}1\r\nab\r\n`],
    ['a size that never ends', CHUNKED + '1'.repeat(5000)],
    ['a head in a thousand pieces', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1000)}`, single],
    ['a head that never ends', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(3000)}`],
    ['trailers that never end', `${CHUNKED}0\r\n${'x: y\r\n'.repeat(5000)}`],
  ])('%s', (_, text, split = whole) => {
    const bytes = bytesOf(text);
    expect(() => hear(split(bytes))).toThrow(ProtocolError);
    expect(() => hear(single(bytes))).toThrow(ProtocolError);
  });
});

describe('whoever heard enough', () => {
  it.each(['onHead', 'onBody'])('hears nothing more after stopping in %s', (where) => {
    const heard: string[] = [];
    const reader = new ResponseReader();
    const hearing = (what: string) => () => {
      heard.push(what);
      if (what === where) reader.stop();
    };
    reader.begin({ onHead: hearing('onHead'), onBody: hearing('onBody') });
    reader.read(bytesOf(`${CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`));
    expect(heard.at(-1)).toBe(where);
    expect(heard.filter((what) => what === where)).toHaveLength(1);
    expect(reader.isComplete).toBe(false);
  });

  it('hears the next answer of the same connection from its start', () => {
    const bodies: string[] = [];
    const reader = new ResponseReader();
    for (const text of [`${LENGTH}, world`, CHUNKED + '1\r\na\r\n0\r\n\r\n', LENGTH]) {
      reader.begin({ onHead: () => undefined, onBody: (chunk) => void bodies.push(chunk.toString()) });
      reader.read(bytesOf(text));
      expect(reader.isComplete).toBe(true);
    }
    expect(bodies).toEqual(['hello', 'a', 'hello']);
    expect(reader.keepAliveMs).toBe(4000);
  });
});
