import { type BodyCase, bodyCase } from './case.js';

/** Names that mean something to JavaScript, to a database or to the gateway itself. */
// prettier-ignore
const NAMES = [
  '__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'toJSON', 'then',
  '__defineGetter__', '__lookupGetter__', 'length', 'isPrototypeOf', '$where', '$ref', 'null', 'undefined',
  '', ' ', '0', '-1', '1e3', 'a.b', 'a[b]', 'a b', 'é', '😀', '\u202e', '\ufeff', "'; DROP TABLE events;--",
  'event_type', 'type', 'event', 'id', 'account_id', 'data', 'CL-X-EVENT-ID', '\\u0000', '\\ud800', '\\"',
];

const VALUES = [
  '1',
  'null',
  '{}',
  '[]',
  '"x"',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{}}}',
];

/** What the gateway reads of a body: none of it may change whether the body is taken. */
// prettier-ignore
const EVENT_TYPES = [
  '"user.update"', '""', 'null', '1', '[]', '{}', 'true', '"\\u0000"', '"\\ud800"', '"a\\nb"', '"*"',
  '"user.*"', `"${'x'.repeat(255)}"`, `"${'x'.repeat(256)}"`, `"${'é'.repeat(255)}"`,
  `"${'😀'.repeat(255)}"`, '"😀"', '"\\u202e"', '"<script>alert(1)</script>"', '"=1+1"', '"\\u001b[31m"',
  `"' OR 1=1 --"`,
];

function inOrders(pairs: string[]): string[] {
  const orders = pairs.flatMap((_, start) => {
    const turned = [...pairs.slice(start), ...pairs.slice(0, start)];
    return [turned, turned.toReversed()];
  });
  return orders.map((order) => `{${order.join(',')}}`);
}

export function keys(): BodyCase[] {
  const valid = [
    ...NAMES.flatMap((name) => VALUES.map((value) => `{"${name}":${value}}`)),
    ...NAMES.map((name) => `{"${name}":1,"${name}":2,"a":{"${name}":3,"${name}":3}}`),
    ...EVENT_TYPES.flatMap((type) => [
      `{"event_type":${type}}`,
      `{"type":${type}}`,
      `{"event_type":${type},"type":"t"}`,
      `{"event_type":"first","event_type":${type}}`,
      `[{"event_type":${type}}]`,
    ]),
    ...inOrders(['"b":1', '"a":2', '"10":3', '"9":4', '"é":5', '"A":6', '"__proto__":7']),
    '{"a":1,"\\u0061":2}',
    `{"${'k'.repeat(65_536)}":1}`,
  ];
  // prettier-ignore
  const invalid = [
    '{1:2}', '{-1:2}', '{null:1}', '{true:1}', '{[]:1}', '{{}:1}', '{a:1}', "{'a':1}", '{`a`:1}', '{"a"}',
    '{"a":}', '{:1}', '{"a":1,"b"}', '{"a"=1}', '{"a"=>1}', '{"a";1}', '{"a","b"}', '{"a"::1}', '{"a":1:2}',
    '{,}', '{"a":1,,"b":2}', '{"a":1"b":2}', '{"a":1 "b":2}', '{"a":1;"b":2}', '{"a" : 1 , }', '{"a":1}}',
  ];
  return [...valid.map((body) => bodyCase(body, true)), ...invalid.map((body) => bodyCase(body, false))];
}
