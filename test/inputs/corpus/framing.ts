import { chunks, lengths } from './wire-bodies.js';
import { FIXED, GOOD, HEAD, PATH, START, type WireCase, wireCase } from './wire.js';

function hosts(): WireCase[] {
  const named = (answers: number[], ...values: string[]) =>
    wireCase(
      answers,
      `${START}${values.map((value) => `Host:${value}\r\n`).join('')}${FIXED}Content-Length: 2\r\n\r\n{}`,
    );
  // prettier-ignore
  return [
    ...[
      ' y', ' x:80', ' EXAMPLE.com', ' [::1]:8000', ' 127.0.0.1', ' xn--bcher-kva.example', ' a_b', '',
      ' x:', ' x.',
    ].map((value) => named([202], value)),
    ...[
      ' a b', ' a/b', ' http://x', ' u@x', ' x?y', ' x#y', ' a,b', ' "x"', ' <x>', ' x\\y', ' \xff', ' x\0',
      ' {x}', ' x\x01',
    ].map((value) => named([400], value)),
    named([400]),
    named([400], ' x', ' x'),
    named([400], ' x', ' y'),
    named([400], ' x', ''),
    wireCase([400], `${START}Host: x\r\nhost: y\r\n${FIXED}Content-Length: 2\r\n\r\n{}`),
    wireCase([202], `POST ${PATH} HTTP/1.0\r\n${FIXED}Content-Length: 2\r\n\r\n{}`, 'HTTP/1.0 without a Host'),
  ];
}

function startLines(): WireCase[] {
  const start = (answers: number[], line: string) =>
    wireCase(answers, `${line}\r\nHost: x\r\n${FIXED}Content-Length: 2\r\n\r\n{}`);
  // prettier-ignore
  return [
    ...[
      '/server/incoming_data',
      `${PATH}/`,
      `${PATH}//`,
      `${PATH}?`,
      `${PATH}?a=b&a=c&__proto__=1`,
      `${PATH}?%`,
      `http://x${PATH}`,
    ].map((target) => start([202], `POST ${target} HTTP/1.1`)),
    ...[
      `https://other:99${PATH}?x`,
      `HTTP://X${PATH}`,
      `http://u:p@x${PATH}`,
      'http://x/server/incoming_data/',
    ].map((target) => start([202], `POST ${target} HTTP/1.1`)),
    ...[
      '//api/server/incoming_data',
      '/api//server/incoming_data',
      '/API/server/incoming_data',
      '/api/server/incoming_data%2f',
      '/api/server/incoming_data/x',
    ].map((target) => start([404], `POST ${target} HTTP/1.1`)),
    ...[
      '/api/server/incoming_dat',
      '/api/server%2fincoming_data',
      '/api/server/../server/incoming_data',
      '/api/./server/incoming_data',
      '*',
    ].map((target) => start([404], `POST ${target} HTTP/1.1`)),
    // The root leads browsers on, so it is known.
    ...['/', 'http://x', 'http://x/'].map((target) => start([405], `POST ${target} HTTP/1.1`)),
    ...[
      '/api/server/incoming_data;x=1',
      '/api/server/incoming_data%00',
      '/server',
      'ftp://x/api/server/incoming_data',
    ].map((target) => start([404], `POST ${target} HTTP/1.1`)),
    ...['http:///api/server/incoming_data', '/%', '/%zz', '/api/%ff', '/%c0%af', '/%e0%80%af'].map((target) =>
      start([400], `POST ${target} HTTP/1.1`),
    ),
    ...[
      'HTTP/0.9', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/3.0', 'HTTP/9.9', 'HTTP/1', 'HTTP/11', 'HTTP/1.',
      'HTTP/1.1.1', 'http/1.1', 'HTTPS/1.1', 'ICY/1.0', '', 'x',
    ].map((version) => start([400], `POST ${PATH} ${version}`)),
    ...[
      `post ${PATH} HTTP/1.1`,
      `Post ${PATH} HTTP/1.1`,
      `POSTS ${PATH} HTTP/1.1`,
      `FOO ${PATH} HTTP/1.1`,
      `POST\t${PATH} HTTP/1.1`,
      `POST\t${PATH}\tHTTP/1.1`,
    ].map((line) => start([400], line)),
    ...[
      `POST  ${PATH} HTTP/1.1`,
      `POST ${PATH}  HTTP/1.1`,
      ` POST ${PATH} HTTP/1.1`,
      `POST ${PATH} HTTP/1.1 `,
      'POST HTTP/1.1',
      `POST ${PATH}`,
      'POST',
      PATH,
    ].map((line) =>
      start(/^POST .* HTTP/.test(line) && !line.endsWith(' ') && line.includes('  ') ? [202] : [400], line),
    ),
    ...[
      `POST ${PATH}\0 HTTP/1.1`,
      `POST ${PATH}\x7f HTTP/1.1`,
      `POST ${PATH}\xff HTTP/1.1`,
      `POST ${PATH} x HTTP/1.1`,
      'POST api HTTP/1.1',
      'POST x:80 HTTP/1.1',
    ].map((line) => start([400], line)),
    ...[
      'GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE', 'LOCK', 'MKCOL', 'COPY',
      'SEARCH', 'REPORT', 'LINK', 'SUBSCRIBE', 'M-SEARCH',
    ].map((method) => start([405], `${method} ${PATH} HTTP/1.1`)),
    start([431], `POST ${PATH}?${'x'.repeat(17_000)} HTTP/1.1`),
    wireCase([202], `\r\n\r\n${GOOD}`, 'empty lines before the request'),
    wireCase([400], `CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n`, 'CONNECT'),
  ];
}

function lines(): WireCase[] {
  const line = (answers: number[], text: string) =>
    wireCase(answers, `${HEAD}${text}\r\nContent-Length: 2\r\n\r\n{}`);
  // prettier-ignore
  return [
    ...['X-A: 1\r\n 2', 'X-A: 1\r\n\t2', 'CL-X-EVENT-ID: a\r\n b', ' X-A: 1', '\tX-A: 1'].map((text) =>
      line([400], text),
    ),
    ...[
      'X-A: a\0b', 'X\0A: 1', 'X A: 1', 'X-A : 1', 'X-A', ': 1', ':', 'X-A: a\rb', 'X-\xe9: 1', 'X(A): 1',
      'X/A: 1', '"X": 1', 'X@A: 1', '[X]: 1', '\x01: 1',
    ].map((text) => line([400], text)),
    wireCase([400], GOOD.replaceAll('\r\n', '\n'), 'bare line feeds'),
    wireCase([400], GOOD.replaceAll('\r\n', '\r'), 'bare carriage returns'),
    wireCase([400], GOOD.replace('\r\n\r\n', '\n\n'), 'bare line feeds before the body'),
    wireCase([400], GOOD.replace('Host: x\r\n', 'Host: x\n'), 'a bare line feed after a header'),
    wireCase([400], GOOD.replace('\r\n\r\n', '\r\n\r'), 'half a line end before the body'),
  ];
}

function connections(): WireCase[] {
  const bad = `${HEAD}Content-Length: 1\r\n\r\n{`;
  const unknown = GOOD.replace('<token>', 'nobody');
  const big = `${START}Host: x\r\nContent-Type: application/json\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`;
  // prettier-ignore
  const cuts = [
    1, 4, 10, 30, 45, 60, 80, 110, GOOD.length - 8, GOOD.length - 4, GOOD.length - 2, GOOD.length - 1,
  ];
  return [
    wireCase([], '', 'nothing at all'),
    wireCase([202, 202], GOOD + GOOD, 'two in a row'),
    wireCase(
      Array.from({ length: 50 }, () => 202),
      GOOD.repeat(50),
      'fifty in a row',
    ),
    wireCase([400, 202], bad + GOOD, 'a bad body, then a good one'),
    wireCase([401, 202], unknown + GOOD, 'an unknown token, then a good one'),
    wireCase([401, 202], big + GOOD, 'a large body that nobody reads, then a good one'),
    wireCase([202, 400], `${GOOD}garbage\r\n\r\n`, 'a good one, then garbage'),
    wireCase([202], `${GOOD}\r\n`, 'a good one, then an empty line'),
    wireCase(
      [202],
      `${GOOD.replace('Host: x', 'Host: x\r\nConnection: close')}${GOOD}`,
      'a request behind the last one',
    ),
    { ...wireCase([400], 'GET /\r\n'), isCut: true },
    ...cuts.map((length) => ({
      ...wireCase([400], GOOD.slice(0, length), `${length} bytes, then the end`),
      isCut: true,
    })),
    ...[
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00',
      'SSH-2.0-x\r\n',
      'PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n',
    ].map((wire) => wireCase([400], wire)),
    ...[
      '\0\0\0\0',
      '\xff\xff\xff\xff',
      '{}',
      '<policy-file-request/>\0',
      'HTTP/1.1 200 OK\r\n\r\n',
      '*1\r\n$4\r\nPING\r\n',
      'EHLO x\r\n',
      'a'.repeat(20_000),
    ].map((wire) => wireCase([400], wire)),
  ];
}

export function framing(): Record<string, WireCase[]> {
  return {
    'announced lengths': lengths(),
    'chunks and transfer encodings': chunks(),
    hosts: hosts(),
    'start lines': startLines(),
    'header lines': lines(),
    connections: connections(),
  };
}
