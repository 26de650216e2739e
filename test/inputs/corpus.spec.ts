import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bodyClasses } from './corpus/bodies.js';
import type { BodyCase } from './corpus/case.js';
import { framing } from './corpus/framing.js';
import { ingestHeaders } from './corpus/ingest-headers.js';
import { isAcceptable } from './oracle/json-grammar.js';

const bodies = Object.entries(bodyClasses());

function digestOf(classes: [string, BodyCase[]][]): string {
  const hash = createHash('sha256');
  for (const [kind, cases] of classes)
    for (const { name, body } of cases) hash.update(`${kind} ${name}\n`).update(body);
  return hash.digest('hex');
}

describe('the corpus', () => {
  it('has more than 3,000 different bodies alone, the same in every run', () => {
    const distinct = new Set(bodies.flatMap(([, cases]) => cases.map(({ body }) => body.toString('latin1'))));
    expect(distinct.size).toBe(bodies.reduce((sum, [, cases]) => sum + cases.length, 0));
    expect(distinct.size).toBeGreaterThan(3000);
    expect(digestOf(Object.entries(bodyClasses()))).toBe(digestOf(bodies));
  });

  it('asks for no header and no connection twice', () => {
    const headers = Object.values(ingestHeaders()).flatMap((cases) =>
      cases.map(({ lines }) => lines.join('\n')),
    );
    const wires = Object.values(framing()).flatMap((cases) => cases.map(({ wire }) => wire));
    for (const inputs of [headers, wires])
      expect(inputs.filter((input, index) => inputs.indexOf(input) !== index)).toEqual([]);
  });

  it.each(bodies)('of %s is judged by the reference as its authors judged it', (_, cases) => {
    const judged = cases.filter(({ isValid }) => isValid !== undefined);
    expect(
      judged.filter(({ body, isValid }) => isAcceptable(body) !== isValid).map(({ name }) => name),
    ).toEqual([]);
  });

  it('has both kinds in every class but those that are all broken', () => {
    const kinds = bodies.map(([kind, cases]) => [
      kind,
      new Set(cases.map(({ body }) => isAcceptable(body))).size,
    ]);
    expect(kinds.filter(([, size]) => size !== 2)).toEqual([['byte order marks and encodings', 1]]);
  });
});
