import { describe, expect, it } from 'vitest';
import { parseIfMatch } from './destination-etag.js';

describe('parseIfMatch', () => {
  it.each([
    ['no header sets no condition', undefined, null],
    ['* sets no condition, the destination exists', ' * ', null],
    ['a tag names its version', '"7"', [7]],
    ['several tags name several versions', '"1", "23"', [1, 23]],
    ['a weak tag never matches', 'W/"7"', []],
    ['a bare number is no tag', '7', []],
    ['an empty header matches nothing', '', []],
    ['a foreign tag is passed over', '"abc","2"', [2]],
    ['a number too large for a version matches nothing', '"99999999999"', []],
  ] as [string, string | undefined, number[] | null][])('%s', (_, header, versions) => {
    expect(parseIfMatch(header)).toEqual(versions);
  });
});
