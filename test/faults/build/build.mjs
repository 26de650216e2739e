import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import product from '../../../rolldown.config.mjs';
import { defectsPlugin } from './defects.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const ACTIVE = join(root, 'test/faults/build/active-faults.ts');
/** As deep as dist/bundle/app, so that paths between files stay the same. */
const OUT = join(root, 'dist/fault-build/app');
const PROVE = join(root, 'dist/fault-build/prove');

/** Bundles the built product once more, with failpoints that act and with the defects to be found. */
export async function buildFaultProduct() {
  if (isCurrent()) return;
  const bundle = await rolldown({
    ...product,
    cwd: root,
    plugins: [activeFaults(), defectsPlugin()],
    logLevel: 'silent',
  });
  rmSync(OUT, { recursive: true, force: true });
  await bundle.write({
    dir: OUT,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
}

/** Bundles the program behind npm run prove; packages stay outside. */
export async function buildProve() {
  const bundle = await rolldown({
    cwd: root,
    input: { prove: 'test/faults/prove.ts' },
    platform: 'node',
    external: /^(?![./])/,
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    logLevel: 'silent',
  });
  rmSync(PROVE, { recursive: true, force: true });
  await bundle.write({
    dir: PROVE,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
  });
}

function activeFaults() {
  const replaced = join(root, 'dist/src/common/fault-injection.js');
  return {
    name: 'active-faults',
    async resolveId(source, importer, options) {
      if (!source.endsWith('/fault-injection.js')) return null;
      const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
      return resolved?.id === replaced ? ACTIVE : resolved;
    },
  };
}

function isCurrent() {
  const target = join(OUT, 'main.js');
  if (!existsSync(target)) return false;
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const sources = [
    join(root, 'dist/bundle/app/main.js'),
    ...readdirSync(folder).map((file) => join(folder, file)),
  ];
  return sources.every((file) => statSync(file).mtimeMs < statSync(target).mtimeMs);
}
