import { existsSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import type { AppConfig } from '../../config/app-config.js';
import { type Finding, fail, ok, warn } from './finding.js';

const GIBIBYTE = 1024 ** 3;
const DISK_FULL_BYTES = 0.5 * GIBIBYTE;
const DISK_LOW_BYTES = 5 * GIBIBYTE;
/** Connections of producers and of the database, files, and what is being closed. */
const SPARE_DESCRIPTORS = 512;
const PROBE_MS = 2000;

/** The folder of the embedded database: whether it can be written to, who may read its secrets, and room. */
export async function checkDataFolder({ env, embedded }: AppConfig): Promise<Finding[]> {
  if (!embedded) return [];
  let folder = env.DATA_DIR;
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    return [
      fail('data folder', `${folder} cannot be written to`, 'Change its owner, or set DATA_DIR to another.'),
    ];
  }
  return [
    ok('data folder', env.DATA_DIR),
    ...(await checkSecretsFile(env.DATA_DIR)),
    await checkDisk(folder),
  ];
}

async function checkSecretsFile(dataDir: string): Promise<Finding[]> {
  const file = join(dataDir, 'secrets.json');
  const found = await stat(file).catch(() => null);
  if (!found) return [];
  if ((found.mode & 0o077) === 0) return [ok('secrets', 'readable by their owner alone')];
  return [fail('secrets', `others may read ${file}`, `Run: chmod 600 ${file}`)];
}

async function checkDisk(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const says = `${(free / GIBIBYTE).toFixed(1)} GiB free`;
  const todo = 'Free some space, or keep less: RETENTION_DAYS, PAYLOAD_RETENTION_DAYS.';
  if (free < DISK_FULL_BYTES) return fail('disk', says, todo);
  return free < DISK_LOW_BYTES ? warn('disk', says, todo) : ok('disk', says);
}

/** Each delivery under way has a connection. */
export function checkDescriptors({ env }: AppConfig): Finding[] {
  const allowed = openFilesAllowed();
  if (allowed === null) return [];
  const wanted = env.WORKER_CONCURRENCY + SPARE_DESCRIPTORS;
  const says = `${allowed === Infinity ? 'no limit' : `${allowed} per process`}, ${wanted} are needed at most`;
  if (allowed >= wanted) return [ok('file descriptors', says)];
  return [
    warn('file descriptors', says, `Raise the limit (ulimit -n ${wanted}) or lower WORKER_CONCURRENCY.`),
  ];
}

function openFilesAllowed(): number | null {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  // Otherwise it looks up the names of network interfaces.
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const soft = userLimits?.open_files?.soft;
  if (soft === undefined) return null;
  return soft === 'unlimited' ? Infinity : Number(soft);
}

export async function checkPort(config: AppConfig): Promise<Finding> {
  const { PORT } = config.env;
  const what = `port ${PORT}`;
  const problem = await tryToListen(PORT, config.host);
  if (problem === null) return ok(what, `free on ${config.host}`);
  if (problem === 'EADDRINUSE') {
    if (await isOurs(PORT, config.host)) return ok(what, 'a Data Pusher answers there');
    return fail(what, 'taken by another program', 'Stop that program, or set PORT to another number.');
  }
  const todo =
    problem === 'EACCES'
      ? 'Set PORT to one above 1023.'
      : `This machine has no address ${config.host}: check HOST.`;
  return fail(what, `cannot be listened on (${problem})`, todo);
}

function tryToListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

/** Not with fetch: whose promise stays open, and lets the process end, where the connection is closed at once. */
function isOurs(port: number, host: string): Promise<boolean> {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return new Promise((resolve) => {
    const request = get({ host: address, port, path: '/health/live', timeout: PROBE_MS }, (answer) => {
      resolve(answer.statusCode === 200 && answer.headers['x-request-id'] !== undefined);
      answer.destroy();
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
  });
}

export function checkEgress(config: AppConfig): Finding {
  const allowed = config.egressAllow;
  if (!allowed) return ok('egress', 'public addresses only');
  if (config.env.NODE_ENV === 'production')
    return warn(
      'egress',
      `destinations may also be at ${allowed}`,
      'Whoever may set a destination reaches these addresses from here: keep EGRESS_ALLOW as narrow as it can be.',
    );
  return ok('egress', `public addresses and ${allowed}`);
}
