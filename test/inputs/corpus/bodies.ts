import { type BodyCase } from './case.js';
import { damages, truncations } from './damage.js';
import { escapes } from './escapes.js';
import { keys } from './keys.js';
import { numbers } from './numbers.js';
import { depths, widths } from './size.js';
import { structure } from './structure.js';
import { byteOrderMarks, utf8 } from './utf8.js';
import { whiteSpace } from './white-space.js';

/** The bodies of the corpus by class; a body that two classes share counts with the first. */
export function bodyClasses(): Record<string, BodyCase[]> {
  const classes = {
    numbers: numbers(),
    escapes: escapes(),
    'white space': whiteSpace(),
    keys: keys(),
    'malformed UTF-8': utf8(),
    'byte order marks and encodings': byteOrderMarks(),
    depth: depths(),
    width: widths(),
    'literals, JSON5 and other formats': structure(),
    truncations: truncations(),
    'damaged bytes': damages(),
  };
  const seen = new Set<string>();
  const isNew = ({ body }: BodyCase): boolean => {
    const key = body.toString('latin1');
    return !seen.has(key) && seen.add(key) !== undefined;
  };
  return Object.fromEntries(Object.entries(classes).map(([name, cases]) => [name, cases.filter(isNew)]));
}
