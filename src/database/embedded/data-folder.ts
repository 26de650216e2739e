import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './os-process.js';

/** Something about the data folder that the operator can put right; the message is one line that says how. */
export class DataFolderError extends Error {}

/** A live Data Pusher has the folder already. */
export class DataFolderInUseError extends DataFolderError {}

export interface DataFolder {
  /** Real path, without symbolic links. */
  readonly path: string;
  /** Short name that no other data folder of this machine has: for sockets and processes. */
  readonly name: string;
  release(): Promise<void>;
}

/** Longer than a rival needs between reading a stale lock and moving it away. */
const RIVAL_MS = 50;

/**
 * Makes the folder where it is missing and takes its instance lock.
 * @throws DataFolderError when it cannot be used or another live Data Pusher has it.
 */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  try {
    await makeFolder(dataDir);
    const path = await realpath(dataDir);
    const release = await lock(path);
    const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
    return { path, name: `data-pusher-${hash}`, release };
  } catch (error) {
    throw asDataFolderError(dataDir, error);
  }
}

/** Node's recursive mkdir never returns where a file system refuses with ENOENT, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  const parent = dirname(path);
  if (!existsSync(parent)) await makeFolder(parent);
  await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  });
}

const REASONS: Record<string, string> = {
  EACCES: 'this user may not write there; change its owner or set DATA_DIR',
  EPERM: 'this user may not write there; change its owner or set DATA_DIR',
  EROFS: 'the file system is read-only; set DATA_DIR to another folder',
  ENOSPC: 'the disk is full; free some space and start again',
  EDQUOT: 'the disk quota is used up; free some space and start again',
  ENOTDIR: 'a part of the path is a file; set DATA_DIR to a folder',
  EEXIST: 'a part of the path is a file; set DATA_DIR to a folder',
  ENOENT: 'it cannot be made there; set DATA_DIR to another folder',
};

export function asDataFolderError(dataDir: string, error: unknown): unknown {
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (!code || !REASONS[code]) return error;
  const where = path && path !== dataDir ? ` (${syscall} ${path})` : '';
  return new DataFolderError(`Cannot use the data folder ${dataDir}: ${REASONS[code]}${where}`, {
    cause: error,
  });
}

async function lock(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, 'instance.json');
  const mine = JSON.stringify({ ...identify(process.pid), id: randomUUID() });
  let rivals = false;
  for (;;) {
    if (await createComplete(file, mine)) {
      if (rivals) await sleep(RIVAL_MS);
      if ((await readIfPresent(file)) === mine) break;
    }
    rivals = true;
    const found = await readIfPresent(file);
    if (found === undefined) continue;
    const holder = parse(found);
    if (holder && isRunning(holder)) throw inUse(folder, holder);
    await removeStale(file, found);
  }
  return async () => {
    if ((await readIfPresent(file)) === mine) await rm(file, { force: true });
  };
}

/** A link appears with all of its content or not at all, unlike a file that is opened and then written. */
async function createComplete(file: string, content: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, content);
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeStale(file: string, stale: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
    // Another start may have replaced the stale lock since it was read: that one is given back.
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, file);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes((error as NodeJS.ErrnoException).code!)) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function inUse(folder: string, { pid }: ProcessIdentity): DataFolderInUseError {
  const who = pid === process.pid ? 'this process' : `process ${pid}`;
  return new DataFolderInUseError(
    `The data folder ${folder} is in use by another Data Pusher, ${who}: stop that one first, or set DATA_DIR to another folder`,
  );
}

function parse(content: string): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(content) as ProcessIdentity;
    return Number.isInteger(holder.pid) && holder.pid > 0 ? holder : undefined;
  } catch {
    return undefined;
  }
}

export async function readIfPresent(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
