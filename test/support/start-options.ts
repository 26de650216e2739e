import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `npm start` and its like give Node. @param root of the repository */
export function startOptions(root: string, script = 'start'): string[] {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return (scripts[script] as string).split(' ').filter((word) => word.startsWith('--'));
}
