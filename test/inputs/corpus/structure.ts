import { gzipSync } from 'node:zlib';
import { type BodyCase, bodyCase, hex, placed } from './case.js';

// prettier-ignore
const LITERALS = [
  'True', 'TRUE', 'tru', 'truee', 'False', 'fals', 'FALSE', 'Null', 'NULL', 'nul', 'nulll', 'nil', 'None',
  'undefined', 'yes', 'no', 'on', 'off', 'void', 'true1', 'nullnull', 'truefalse', '(null)', 't', 'f', 'n',
  'N/A', 'void 0', '!0', 'new Date()', 'Symbol()', 'function(){}', '=>', '/a/', '@', '$', '{{x}}', '...',
];

/** What JSON5, JSONC, YAML and careless writers add. */
// prettier-ignore
const RELAXED = [
  '[1,]', '[,1]', '[,]', '[1,,2]', '[1,,]', '{"a":1,}', '{,"a":1}', '{"a":1,,}', '[1;2]', '[1|2]', '(1)',
  "['a']", "{'a':'b'}", '[`a`]', '[“a”]', '["a]', '[a"]', '["a\']', '[\'a"]', '[""a""]', '["a"b"]',
  '//c\n[]', '[]//c', '[1//c\n]', '/*c*/[]', '[/*c*/]', '[]/*c*/', '[1/**/,2]', '#c\n[]', '[]#c', '--\n{}',
  '<!--x-->{}', '{}<!--', '; []', '[];', '[],', ',[]', '[]:', '{}{', '{}}', '[]]', '[[]', '[}', '{]',
  '[{]}', '{"a":[}]', '{"a":1]', '[1}', '{', '}', '[', ']', '{{', '[[', '{{}}', '{[]}', '{1}', '{"a":{}',
  '[1', '{"a":1', '["a"', '{"a"', '{"a":', '{"a":"b', '"', '""', '"a"', "'a'", ':', ',', '\\', '/', '*',
  '-', '_', '\0', '[\0]',
];

/** Other formats, and several documents at once. */
// prettier-ignore
const FOREIGN = [
  '{}{}', '[][]', '{} {}', '{}\n{}', '{"a":1}\n{"b":2}\n', '{}\r\n{}', '[]\0', '{}\0{}', '\x1e{}\n',
  '{},{}', '[1] [2]', '{}1', '1{}', '{}null', 'null{}', '[]"', '{}x', 'x{}', ")]}',\n{}", 'while(1);[]',
  'for(;;);{}', 'callback({})', 'var a={}', 'return {}', '({})', '[{}', 'JSON.parse("{}")', '=[]', '&{}',
  '<xml/>', '<?xml version="1.0"?><a/>', '<!DOCTYPE html><html></html>', '<script>{}</script>',
  '---\na: 1\n', 'a: 1', '- 1\n- 2', 'a=1&b=2', 'a,b\n1,2', '[section]\nkey=1', 'key = "value"', '%PDF-1.4',
  'GET / HTTP/1.1', 'a:{}', '--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b--', 'data: {}\n\n',
  '$1\r\n{\r\n', '${jndi:ldap://x}',
];

const BINARY = {
  MessagePack: hex('82 a1 61 01 a1 62 02'),
  CBOR: hex('a1 61 61 01'),
  BSON: hex('0c 00 00 00 10 61 00 01 00 00 00 00'),
  protobuf: hex('0a 03 61 62 63'),
  gzip: gzipSync('{"a":1}'),
  'a PNG': hex('89 50 4e 47 0d 0a 1a 0a'),
  'a ZIP': hex('50 4b 03 04'),
  'an ELF': hex('7f 45 4c 46'),
  zeros: Buffer.alloc(1000),
  ones: Buffer.alloc(1000, 0xff),
};

export function structure(): BodyCase[] {
  const places = ['[@]', '{"a":@}', '[1,@]', '[@,1]', '@'];
  return [
    ...LITERALS.flatMap((literal) => placed(places, literal).map((body) => bodyCase(body, false))),
    ...['true', 'false', 'null'].flatMap((literal) => [
      ...placed(places.slice(0, -1), literal).map((body) => bodyCase(body, true)),
      bodyCase(literal, false),
    ]),
    ...[...RELAXED, ...FOREIGN].map((body) => bodyCase(body, false)),
    ...Object.entries(BINARY).map(([name, body]) => bodyCase(body, false, name)),
  ];
}
