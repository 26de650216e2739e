import { chmod, chown, lstat, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolderError, readIfPresent, type DataFolder } from './data-folder.js';
import { canEnter, serverAccount, type OsAccount } from './os-account.js';

/** Where the server of a data folder lives. */
export interface PostgresHome {
  /** Holds the cluster and, where needed, a copy of the binaries. */
  folder: string;
  cluster: string;
  isNew: boolean;
  account?: OsAccount;
}

/** For clusters that may not stay in the data folder: the server runs as a user who cannot get there. */
const STATE_FOLDER = '/var/lib/data-pusher';
const POINTER = 'postgres.location';
/** Length of sun_path on macOS, the shortest, less its closing zero. */
const SOCKET_PATH_MAX = 103;

/** Where the cluster of a data folder is, or would be. */
export async function findCluster(dataDir: string): Promise<string> {
  const remembered = (await readIfPresent(join(dataDir, POINTER)))?.trim();
  return join(remembered ?? dataDir, 'postgres');
}

/** Finds the cluster of a data folder, or the place for a new one. */
export async function openHome(
  data: DataFolder,
  major: string,
  report: (line: string) => void,
): Promise<PostgresHome> {
  const remembered = (await readIfPresent(join(data.path, POINTER)))?.trim();
  let folder = remembered ?? data.path;
  const isNew = !(await isFilled(join(folder, 'postgres')));
  if (remembered && isNew)
    throw new DataFolderError(
      `The database of ${data.path} is missing: it was kept in ${remembered}; restore that folder, or delete ${join(data.path, POINTER)} to start empty`,
    );
  const account = await serverAccount(isNew ? folder : join(folder, 'postgres'));
  if (!isNew) await checkCluster(join(folder, 'postgres'), major, account);
  if (account && !(await canEnter(await opened(folder), account))) {
    if (!isNew) throw unreachable(join(folder, 'postgres'), account);
    folder = await openStateFolder(data, account, report);
  }
  await removeDrafts(folder);
  return { folder, cluster: join(folder, 'postgres'), isNew, account };
}

/** Remembers a home outside the data folder, once its cluster is complete. */
export async function rememberHome(data: DataFolder, home: PostgresHome): Promise<void> {
  if (home.folder !== data.path) await writeFile(join(data.path, POINTER), `${home.folder}\n`);
}

/**
 * The folder of the server's socket, private to its user. It cannot be in the data folder: socket paths have a
 * limit of about a hundred bytes.
 */
export async function openSocketFolder(name: string, account?: OsAccount): Promise<string> {
  const folder = join(await shortTemporaryFolder(name, account), name);
  const mine = account?.uid ?? process.getuid?.();
  await mkdir(folder, { mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    const found = await lstat(folder);
    const isPrivate = found.isDirectory() && (found.mode & 0o077) === 0;
    if (!isPrivate || ![mine, process.getuid?.()].includes(found.uid))
      throw new DataFolderError(
        `The socket folder ${folder} is not private to this Data Pusher: delete it, or set TMPDIR to another folder`,
      );
  });
  if (account) await chown(folder, account.uid, account.gid);
  for (const file of await readdir(folder)) await rm(join(folder, file), { force: true });
  return folder;
}

async function shortTemporaryFolder(name: string, account?: OsAccount): Promise<string> {
  for (const folder of [tmpdir(), '/tmp']) {
    const fits = Buffer.byteLength(join(folder, name, '.s.PGSQL.5432')) <= SOCKET_PATH_MAX;
    if (fits && (!account || (await canEnter(folder, account).catch(() => false)))) return folder;
  }
  throw new DataFolderError(
    'There is no folder for the socket of PostgreSQL: set TMPDIR to a short path that its user can reach',
  );
}

async function isFilled(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function checkCluster(cluster: string, major: string, account?: OsAccount): Promise<void> {
  const version = (await readIfPresent(join(cluster, 'PG_VERSION')))?.trim();
  if (version === undefined)
    throw new DataFolderError(`${cluster} is not a PostgreSQL data folder: move it away and start again`);
  if (version !== major)
    throw new DataFolderError(
      `${cluster} was made by PostgreSQL ${version} and this Data Pusher brings ${major}: upgrade it with pg_upgrade or a dump, or start the version of Data Pusher that made it`,
    );
  const { uid } = await stat(cluster);
  const expected = account?.uid ?? process.getuid?.();
  if (uid !== expected)
    throw new DataFolderError(
      `${cluster} belongs to user ${uid}: start Data Pusher as that user, or give it the folder (chown -R ${expected})`,
    );
}

/** Lets other users pass through a data folder of root; what is in it keeps its own rights. */
async function opened(folder: string): Promise<string> {
  const { uid, mode } = await stat(folder);
  if (uid === 0) await chmod(folder, (mode & 0o7777) | 0o011);
  return folder;
}

async function openStateFolder(
  data: DataFolder,
  account: OsAccount,
  report: (line: string) => void,
): Promise<string> {
  const folder = join(STATE_FOLDER, data.name);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (!(await canEnter(folder, account))) throw unreachable(folder, account);
  // Nothing in the data folder points there: it belonged to a data folder that was deleted.
  if (await isFilled(join(folder, 'postgres'))) {
    const aside = join(folder, `abandoned-${Date.now()}`);
    await rename(join(folder, 'postgres'), aside);
    report(`moved a database whose data folder was deleted to ${aside}`);
  }
  report(`user ${account.uid}, who runs PostgreSQL, cannot reach ${data.path}: the database is in ${folder}`);
  return folder;
}

function unreachable(folder: string, { uid }: OsAccount): DataFolderError {
  return new DataFolderError(
    `PostgreSQL runs as user ${uid}, who cannot reach ${folder}: let that user into every folder above it (chmod o+x), or do not start as root`,
  );
}

async function removeDrafts(folder: string): Promise<void> {
  for (const entry of await readdir(folder))
    if (/^(postgres|binaries)-new-/.test(entry))
      await rm(join(folder, entry), { recursive: true, force: true, maxRetries: 10 });
}
