import { HEAD, START, type WireCase, wireCase } from './wire.js';

/** How the length of a body is told. */
export function lengths(): WireCase[] {
  const declared = (answers: number[], ...values: string[]) =>
    wireCase(answers, `${HEAD}${values.map((value) => `Content-Length: ${value}\r\n`).join('')}\r\n{}`);
  // prettier-ignore
  return [
    ...['2', ' 2 ', '02', '0000000002'].map((value) => declared([202], value)),
    ...[
      '+2', '-2', '0x2', '2 2', '2,2', '2, 2', '2;', '2.0', '2e0', 'two', '', ' ', '99999999999999999999',
      '18446744073709551618', '²', '2\0',
    ].map((value) => declared([400], value)),
    ...[
      ['2', '2'],
      ['2', '3'],
      ['3', '2'],
      ['2', ''],
      ['0', '2'],
    ].map((values) => declared([400], ...values)),
    declared([400, 400], '0'),
    declared([400, 400], '1'),
    { ...declared([400], '3'), isCut: true },
    declared([413], '1048577'),
    declared([413], '9007199254740991'),
    wireCase([400, 400], `${HEAD}\r\n{}`, 'a body that is not announced'),
    wireCase([400], `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`),
    wireCase([400], `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}`),
    wireCase([400], `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n`),
  ];
}

export function chunks(): WireCase[] {
  const chunked = (answers: number[], body: string) =>
    wireCase(answers, `${HEAD}Transfer-Encoding: chunked\r\n\r\n${body}`);
  const cut = ['3\r\n{}\r\n0\r\n\r\n', '2\r\n{}\r\n', '2\r\n{}', '2\r\n{}\r\n0\r\n', '5\r\n{}', '2', ''];
  // prettier-ignore
  const taken = [
    '2\r\n{}\r\n0\r\n\r\n', '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n', '0002\r\n{}\r\n000\r\n\r\n',
    'A\r\n{        }\r\n0\r\n\r\n', 'a\r\n[        ]\r\n0\r\n\r\n', '2;a=b\r\n{}\r\n0\r\n\r\n',
    '2;a="b;c"\r\n{}\r\n0\r\n\r\n', '2;a\r\n{}\r\n0;z\r\n\r\n', '2\r\n{}\r\n0\r\nX-Trailer: 1\r\n\r\n',
    '2\r\n{}\r\n0\r\nCL-X-TOKEN: x\r\nCL-X-EVENT-ID: a b\r\n\r\n',
  ];
  // prettier-ignore
  const refused = [
    'x\r\n{}\r\n0\r\n\r\n', '-2\r\n{}\r\n0\r\n\r\n', '+2\r\n{}\r\n0\r\n\r\n', '0x2\r\n{}\r\n0\r\n\r\n',
    '\r\n{}\r\n0\r\n\r\n', 'g\r\n{}\r\n0\r\n\r\n', '2\r\n{}0\r\n\r\n', '2\r\n{}x\r\n0\r\n\r\n',
    '1\r\n{}\r\n0\r\n\r\n', '2 \r\n{}\r\n0\r\n\r\n', ' 2\r\n{}\r\n0\r\n\r\n', '2\t\r\n{}\r\n0\r\n\r\n',
    '2\n{}\n0\n\n', '2\r{}\r0\r\r', '2\r\n{}\n0\r\n\r\n', 'fffffffffffffffff\r\n{}\r\n0\r\n\r\n',
    '2.\r\n{}\r\n0\r\n\r\n', '2,2\r\n{}\r\n0\r\n\r\n', '2\r\n{}\r\n0\r\nbad trailer\r\n\r\n',
    '2\r\n{}\r\n0\r\n: x\r\n\r\n', '2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n', '{}', '0\r\n\r\n',
    '2;\0\r\n{}\r\n0\r\n\r\n', `2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
  ];
  const encoded = (answers: number[], extra: string) =>
    wireCase(answers, `${HEAD}${extra}\r\n\r\n2\r\n{}\r\n0\r\n\r\n`);
  // prettier-ignore
  return [
    ...taken.map((body) => chunked([202], body)),
    ...refused.map((body) => chunked([400], body)),
    ...cut.map((body) => ({ ...chunked([400], body), isCut: true })),
    ...['chunked', 'Chunked', 'CHUNKED', ' chunked ', '\tchunked'].map((value) =>
      encoded([202], `Transfer-Encoding:${value}`),
    ),
    ...[
      'gzip, chunked', 'gzip,chunked', 'identity, chunked', 'chunked, chunked', 'chunked, gzip', 'gzip',
      'identity', 'deflate, gzip, chunked', 'x-chunked', 'xchunked',
    ].map((value) => encoded([400], `Transfer-Encoding: ${value}`)),
    ...[
      '', ',', 'chunked,', ',chunked', 'chunked;q=1', '"chunked"', 'chunked\0', '\x0bchunked',
      'chunked\x0b', 'chun ked', 'chunke', 'chunkedd',
    ].map((value) => encoded([400], `Transfer-Encoding: ${value}`)),
    encoded([400], 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
    encoded([400], 'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked'),
    encoded([400], 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'),
    encoded([400], 'Transfer-Encoding : chunked'),
    encoded([400], 'Transfer-Encoding:\r\n chunked'),
    encoded([400, 400], 'Transfer_Encoding: chunked'),
    wireCase(
      [401],
      `${START}Host: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nCL-X-TOKEN: <token>\r\n\r\n`,
      'a token in the trailer',
    ),
  ];
}
