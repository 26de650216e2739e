import { describe, expect, it } from 'vitest';
import { Problem } from '../common/errors/problem.js';
import { type ItemRules, readBatch } from './batch-items.js';

const RULES: ItemRules = { requireEventId: false, maxBytes: 100 };

const read = (body: string | Buffer, rules = RULES) => readBatch(Buffer.from(body as string), rules);
const refused = (body: string | Buffer, detail: string) =>
  expect(read(body)).rejects.toThrow(
    expect.objectContaining({ code: 'invalid_data', detail: expect.stringContaining(detail) }),
  );

const problemOf = async (item: string, rules = RULES): Promise<[number, string]> => {
  const [result] = await read(`[${item}]`, rules);
  if (!(result instanceof Problem)) throw new Error('the item was taken');
  return [result.status, result.detail];
};

describe('a batch is refused whole', () => {
  it.each([
    ['', 'is empty'],
    ['{"data":{}}', 'must be an array'],
    ['"text"', 'must be a JSON object or array'],
    ['[]', '1 to 500 events; this one has none'],
    ['[{"data":{}},]', 'not valid JSON'],
    ['[{"data":{"a":01}}]', 'not valid JSON'],
    ['[{"data":[1}}]', 'not valid JSON'],
    ['[{"data":{}},,{"data":{}}]', 'unexpected content at byte 13'],
    ['[{"data":{}},{"data":[01]}]', 'unexpected content at byte 23'],
    ['[{"data":{}}]]', 'unexpected content at byte 13'],
    ['[{"data":{}}}', 'unexpected content at byte 12'],
    ['[{"data":{}}, ]', 'unexpected content at byte 14'],
    ['[{"data":"}]', 'ends too early'],
    ['[{"data":{}}', 'ends too early'],
    ['\ufeff[]', 'byte order mark'],
  ])('for %j', async (body, detail) => {
    await refused(body, detail);
  });

  it('for one event too many', async () => {
    await refused(`[${Array.from({ length: 501 }, () => '{"data":{}}').join()}]`, 'this one has more');
    expect(await read(`[${Array.from({ length: 500 }, () => '{"data":{}}').join()}]`)).toHaveLength(500);
  });

  // What follows is no JSON: whoever parses or reads on would say that instead.
  it.each([
    ['too many events', '[{},{}', ',{}'.repeat(499), 'this one has more'],
    ['too many scalars', '["],[",0', ',0'.repeat(499), 'this one has more'],
    ['a flood of members', '[{},{"event_id":"{,,","a":{"b":[1,2]}', ',"a":0'.repeat(19), 'number 2 has more'],
    ['a flood in an array', '[[0', ',0'.repeat(20), 'number 1 has more'],
    ['an object', '\n{"data":0', ',"data":0', 'must be an array'],
  ])('for %s, before the rest is read', async (_, start, flood, detail) => {
    await refused(`${start}${flood} and this is never parsed`, detail);
  });

  it('for an item that is no JSON, however far too large it is', async () => {
    await refused(`[{"data":{}},{"data":[${'[],'.repeat(2000)}]}]`, 'not valid JSON');
  });

  it('not for what values hold, however many', async () => {
    const many = Array.from({ length: 600 }, (_, n) => `"k${n}":[${n},"],},"]`).join();
    const [first] = await read(`[{"data":{${many}}}]`, { ...RULES, maxBytes: 100_000 });
    expect(first).not.toBeInstanceOf(Problem);
    const members = Array.from({ length: 20 }, (_, n) => `"k${n}":0`).join();
    expect(await problemOf(`{${members}}`)).toEqual([400, 'k0 is not a known field.']);
  });

  it('for one byte that is no UTF-8, and for nesting that no event may have', async () => {
    await refused(Buffer.from('[{"data":{"a":"\xff"}}]', 'latin1'), 'not valid UTF-8');
    const nested = (depth: number) => `[{"data":${'['.repeat(depth)}${']'.repeat(depth)}}]`;
    await refused(nested(201), 'nested deeper');
    expect((await read(nested(200), { ...RULES, maxBytes: 400 }))[0]).not.toBeInstanceOf(Problem);
  });
});

describe('an item is refused by itself', () => {
  it.each([
    ['1', 400, 'item must be an object'],
    ['null', 400, 'item must be an object'],
    ['[{"data":{}}]', 400, 'item must be an object'],
    ['{}', 400, 'data is missing'],
    ['{"event_id":"a"}', 400, 'data is missing'],
    ['{"data":null}', 400, 'data must be a JSON object or array'],
    ['{"data":"{}"}', 400, 'data must be a JSON object or array'],
    ['{"data":7}', 400, 'data must be a JSON object or array'],
    ['{"data":{},"data":{}}', 400, 'data is repeated'],
    ['{"data":{},"d\\u0061ta":{}}', 400, 'data is repeated'],
    ['{"event_id":"a","data":{},"event_id":"b"}', 400, 'event_id is repeated'],
    ['{"data":{},"event_type":"x"}', 400, 'event_type is not a known field'],
    ['{"data":{},"__proto__":{}}', 400, '__proto__ is not a known field'],
    ['{"event_id":"","data":{}}', 400, 'event_id must be text'],
    ['{"event_id":"a b","data":{}}', 400, 'event_id must be text'],
    ['{"event_id":7,"data":{}}', 400, 'event_id must be text'],
    ['{"event_id":null,"data":{}}', 400, 'event_id must be text'],
    [`{"event_id":"${'x'.repeat(256)}","data":{}}`, 400, 'event_id must be text'],
    [`{"data":["${'x'.repeat(97)}"]}`, 413, 'data may have 100 bytes; this one has 101'],
  ])('%s', async (item, status, detail) => {
    expect(await problemOf(item)).toEqual([status, expect.stringContaining(detail)]);
  });

  it('that has no event id where the account wants one', async () => {
    expect((await problemOf('{"data":{}}', { ...RULES, requireEventId: true }))[1]).toContain(
      'event_id is required',
    );
  });

  it('and the others are taken', async () => {
    const [first, second, third] = await read(
      '[{"data":{"type":"a.b"}}, 1, {"event_id":"x","data":[ 1.0 ]}]',
    );
    expect(first).toEqual({ eventId: null, eventType: 'a.b', payload: Buffer.from('{"type":"a.b"}') });
    expect(second).toBeInstanceOf(Problem);
    expect(third).toEqual({ eventId: 'x', eventType: null, payload: Buffer.from('[ 1.0 ]') });
  });
});

describe('the payload of an item', () => {
  it('has as many bytes as a single event may have', async () => {
    const [item] = await read(`[{"data":["${'x'.repeat(96)}"]}]`);
    expect(item).toMatchObject({ payload: { length: 100 } });
  });

  it('does not keep the whole body in memory', async () => {
    const body = Buffer.from(`[{"data":["${'x'.repeat(50)}"]},{"data":{}}]${' '.repeat(100_000)}`);
    const items = await readBatch(body, RULES);
    const sizes = items.map((item) => (item as { payload: Buffer }).payload.buffer.byteLength);
    for (const size of sizes) expect(size).toBeLessThan(body.length);
  });
});

it('keeps nobody waiting while a large batch is read', async () => {
  const items = Array.from({ length: 40 }, () => `{"data":[${'[],'.repeat(20_000)}1]}`);
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  expect(await read(`[${items.join()}]`, { ...RULES, maxBytes: 100_000 })).toHaveLength(40);
  clearInterval(count);
  expect(turns).toBeGreaterThan(5);
});
