import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './openapi.js';

/** What `npm start` and its like give Node. */
export function startOptions(script = 'start'): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return (scripts[script] as string).split(' ').filter((word) => word.startsWith('--'));
}
