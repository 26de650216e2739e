import { existsSync, readFileSync } from 'node:fs';

/** Version of the product, from its package.json: two folders up from the sources, three from the build. */
export function readVersion(): string {
  const file = ['../../package.json', '../../../package.json']
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url))!;
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
