import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';

const SRC = import.meta.dirname;
const IMPORT = /(?:from |^import |\bimport\()'(\.[^']+)'/gm;

/** The one file that is met from beside and from below: names and shapes of what the queue carries. */
const CONTRACT = 'delivery/contract.js';
const meetInContract = new Set(['incoming-data', 'replays']);

/** An entry point of its own, in a folder: alone to import the files of src itself. */
const ENTRY_POINT = 'cli';

/** The folders of each layer, from the top: the list that ARCHITECTURE.md shows is the rule. */
function readLayers(): string[][] {
  const text = readFileSync(join(SRC, '../ARCHITECTURE.md'), 'utf8');
  const [, list] = /## Layers\n.*?```\n(.*?)```/s.exec(text)!;
  const rows = list!.trim().split('\n');
  return rows.flatMap((row) => row.split(/ {2,}/)[0]!.split(' › ')).map((layer) => layer.split(' · '));
}

const layers = readLayers();
const folders = readdirSync(SRC, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const layerOf = (folder: string): number => layers.findIndex((layer) => layer.includes(folder));

/** Every file of src that `file`, a path below src, imports; what is imported from elsewhere is left out. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return Array.from(text.matchAll(IMPORT), ([, path]) => normalize(join(dirname(file), path!))).filter(
    (path) => !path.startsWith('..'),
  );
}

function isAllowed(folder: string, path: string): boolean {
  const isFileOfSrc = !path.includes('/');
  if (isFileOfSrc) return folder === ENTRY_POINT;
  const target = path.split('/')[0]!;
  if (target === folder || layerOf(target) > layerOf(folder)) return true;
  return path === CONTRACT && meetInContract.has(folder);
}

it('ARCHITECTURE.md has every folder in one layer', () => {
  expect(layers.flat().toSorted()).toEqual(folders.toSorted());
});

it.each(folders)('%s imports only from the layers below its own', (folder) => {
  const files = readdirSync(join(SRC, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
  const wrong = files.flatMap((file) =>
    importsOf(file)
      .filter((path) => !isAllowed(folder, path))
      .map((path) => `src/${file} imports ${path}`),
  );
  expect(wrong).toEqual([]);
});
