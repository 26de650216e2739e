import { spawn } from 'node:child_process';
import { chown, mkdtemp, open, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataFolderError } from './data-folder.js';
import type { PostgresHome } from './home.js';
import type { OsAccount } from './os-account.js';

export const DATABASE_USER = 'data_pusher';

/**
 * Makes the cluster of `home`. It is made aside and renamed when complete, so that an interrupted start leaves
 * nothing that looks like one.
 */
export async function createCluster(
  home: PostgresHome,
  binaries: string,
  options: { password: string; durable: boolean },
): Promise<void> {
  const { account, folder, cluster } = home;
  const draft = await mkdtemp(join(folder, 'postgres-new-'));
  try {
    const passwordFile = join(draft, 'password');
    await writeFile(passwordFile, options.password, { mode: 0o600 });
    if (account) for (const path of [draft, passwordFile]) await chown(path, account.uid, account.gid);
    await initdb(join(draft, 'cluster'), passwordFile, { binaries, account, durable: options.durable });
    await rename(join(draft, 'cluster'), cluster);
    if (options.durable) await syncFolder(folder);
  } finally {
    await rm(draft, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function initdb(
  cluster: string,
  passwordFile: string,
  { binaries, account, durable }: { binaries: string; account?: OsAccount; durable: boolean },
): Promise<void> {
  const args = ['-D', cluster, '-U', DATABASE_USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  // The built-in provider sorts by code point everywhere, whatever locales the machine has.
  args.push('--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
  args.push('--data-checksums', '--no-instructions', ...(durable ? [] : ['--no-sync']));
  const child = spawn(join(binaries, 'bin', 'initdb'), args, {
    ...runAs(account),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(cannotRun(error)));
    child.once('close', resolve);
  });
  if (code !== 0) throw describeFailure('PostgreSQL could not make its files', output, cluster);
}

/** Spawn options common to all programs of PostgreSQL. PG* variables of the operator are not meant for it. */
export function runAs(account?: OsAccount) {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
  return { ...account, cwd: '/', env };
}

export function cannotRun(error: NodeJS.ErrnoException): Error {
  // The file is there (binaries.ts looked), so ENOENT is about its loader.
  const hint = error.code === 'ENOENT' ? ', they need glibc' : '';
  return new DataFolderError(
    `The embedded PostgreSQL programs do not run on this machine (${error.message}${hint}): set DATABASE_URL to a PostgreSQL of yours`,
  );
}

/** One line out of what a program of PostgreSQL wrote before it gave up. */
export function describeFailure(what: string, output: string, folder: string): DataFolderError {
  if (/No space left on device|Disk quota exceeded/.test(output))
    return new DataFolderError(`${what}, the disk of ${folder} is full: free some space and start again`);
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => /\b(FATAL|PANIC|error|ERROR|HINT|hint|detail|DETAIL)\b/.test(line));
  const said = (telling.length > 0 ? telling : lines).slice(-4).map((line) => line.replace(/^.*?\] /, ''));
  return new DataFolderError(`${what} in ${folder}: ${said.join('; ') || 'it said nothing'}`);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
