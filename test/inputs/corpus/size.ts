import { type BodyCase, bodyCase } from './case.js';

export const MAX_DEPTH = 200;

const SHAPES: Record<string, (depth: number) => string> = {
  arrays: (depth) => '['.repeat(depth) + ']'.repeat(depth),
  objects: (depth) => '{"a":'.repeat(depth - 1) + '{}' + '}'.repeat(depth - 1),
  'arrays and objects': (depth) => {
    const opened = Array.from({ length: depth }, (_, level) => (level % 2 === 0 ? '[' : '{"a":'));
    const closed = opened.map((opening) => (opening === '[' ? ']' : '}')).toReversed();
    return `${opened.join('')}0${closed.join('')}`;
  },
  'white space between': (depth) => ' [\n'.repeat(depth) + '] \t'.repeat(depth),
  'a late branch': (depth) => `[1,{"a":2},${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}]`,
  'many branches': (depth) =>
    `[${Array.from({ length: 50 }, () => '['.repeat(depth - 1) + ']'.repeat(depth - 1)).join()}]`,
};

/** How deep: both sides of the border, and what would break a parser that calls itself. */
export function depths(): BodyCase[] {
  const borders = [1, 2, 3, 50, 100, 199, 200, 201, 202, 256, 1000];
  const shaped = Object.entries(SHAPES).flatMap(([shape, make]) =>
    borders
      .filter((depth) => depth > 2 || !shape.includes('branch'))
      .map((depth) => bodyCase(make(depth), depth <= MAX_DEPTH, `${depth} levels: ${shape}`)),
  );
  const hostile = ['[', '{"a":', '[{"":', '[]]', '{"a":1}}', '[[],'].flatMap((unit) =>
    [201, 10_000, 100_000].map((times) => bodyCase(unit.repeat(times), false, `${times} × ${unit}`)),
  );
  const inStrings = [
    bodyCase(`["${'['.repeat(5000)}"]`, true),
    bodyCase(`{"${'{'.repeat(5000)}":"${'}'.repeat(5000)}"}`, true),
    bodyCase(`["\\"${'['.repeat(5000)}"]`, true),
    bodyCase(`["\\\\",${'['.repeat(198)}${']'.repeat(198)}]`, true),
    bodyCase(`["\\\\"${'['.repeat(201)}`, false),
    bodyCase(`${']'.repeat(300)}${'['.repeat(300)}`, false),
  ];
  return [...shaped, ...hostile, ...inStrings];
}

/** How wide. */
export function widths(): BodyCase[] {
  const list = (length: number, item: (index: number) => string) =>
    Array.from({ length }, (_, index) => item(index)).join();
  // prettier-ignore
  return [
    bodyCase(`[${list(100_000, () => '0')}]`, true, '100,000 numbers'),
    bodyCase(`[${list(100_000, () => '[]')}]`, true, '100,000 arrays'),
    bodyCase(`[${list(100_000, () => '{}')}]`, true, '100,000 objects'),
    bodyCase(`[${list(100_000, () => '""')}]`, true, '100,000 strings'),
    bodyCase(`[${list(100_000, () => '0')},]`, false, '100,000 numbers and a comma'),
    bodyCase(`{${list(50_000, (index) => `"k${index}":0`)}}`, true, '50,000 keys'),
    bodyCase(`{${list(50_000, () => '"same":0')}}`, true, '50,000 times the same key'),
    bodyCase(`{${list(50_000, (index) => `"${index}":0`)}}`, true, '50,000 keys that are numbers'),
    bodyCase(`["${'x'.repeat(1_000_000)}"]`, true, 'a string of a million bytes'),
    bodyCase(`["${'\\u0041'.repeat(150_000)}"]`, true, '150,000 escapes'),
    bodyCase(`["${'😀'.repeat(250_000)}"]`, true, '250,000 emoji'),
    bodyCase(`["${'\\'.repeat(500_000)}"]`, true, '250,000 backslashes, escaped'),
    bodyCase(`["${'\\'.repeat(500_001)}"]`, false, 'an odd number of backslashes'),
    bodyCase(`[${'1'.repeat(1_000_000)}]`, true, 'a number of a million digits'),
    bodyCase(`[1e${'9'.repeat(500_000)}]`, true, 'an exponent of half a million digits'),
  ];
}
