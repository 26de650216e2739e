import { readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataFolderError, readIfPresent } from './data-folder.js';
import { listProcesses } from './os-process.js';

/** What to try on a server nobody owns any more: fast, then immediate shutdown, then the hard way. */
const ESCALATION = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5000 },
  { signal: 'SIGKILL', waitMs: 5000 },
] as const;
const POLL_MS = 20;

/**
 * Stops what an earlier Data Pusher left running on its cluster: the whole server when only we were killed, its
 * children (they live on for a second or so) when the server was. `name` is the cluster_name of the server, which
 * PostgreSQL shows in the command line of each of its processes.
 * @returns ids of the processes found.
 */
export async function stopLeftovers(name: string): Promise<number[]> {
  const find = () => listProcesses().filter(({ command }) => isPartOf(name, command));
  const isServer = ({ command }: { command: string }) => command.includes(`cluster_name=${name}`);
  const found = find();
  if (found.length === 0) return [];
  for (const { signal, waitMs } of found.some(isServer) ? ESCALATION : ESCALATION.slice(1)) {
    const left = find();
    const servers = left.filter(isServer);
    for (const { pid } of signal === 'SIGKILL' || servers.length === 0 ? left : servers) send(pid, signal);
    if (await isGone(() => find().length === 0, waitMs)) return found.map(({ pid }) => pid);
  }
  const pids = find().map(({ pid }) => pid);
  throw new DataFolderError(`PostgreSQL of an earlier start does not end: kill processes ${pids.join(', ')}`);
}

/**
 * Removes postmaster.pid, unless the process it names is a server on this very folder, which is stopped first. A
 * number alone says little: after a crash it may belong to anybody.
 */
export async function clearPidFile(cluster: string): Promise<void> {
  const file = join(cluster, 'postmaster.pid');
  const pid = Number.parseInt((await readIfPresent(file)) ?? '', 10);
  for (const { signal, waitMs } of ESCALATION) {
    if (!(pid > 0) || !(await servesCluster(pid, cluster))) break;
    send(pid, signal);
    await isGone(() => servesCluster(pid, cluster).then((serves) => !serves), waitMs);
  }
  await rm(file, { force: true });
}

function isPartOf(name: string, command: string): boolean {
  return command.includes(` cluster_name=${name} `) || command.startsWith(`postgres: ${name}: `);
}

async function servesCluster(pid: number, cluster: string): Promise<boolean> {
  const command = listProcesses().find((each) => each.pid === pid)?.command ?? '';
  if (!/^(.*\/)?postgres /.test(command)) return false;
  // The folder may have been moved under a running server: its working directory moves along.
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return cwd === cluster || command.includes(` ${cluster} `);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM')
      throw new DataFolderError(
        `PostgreSQL still runs as another user (process ${pid}): stop it, then start again`,
      );
    if (code !== 'ESRCH') throw error;
  }
}

async function isGone(test: () => boolean | Promise<boolean>, waitMs: number): Promise<boolean> {
  for (let waited = 0; waited <= waitMs; waited += POLL_MS) {
    if (await test()) return true;
    await sleep(POLL_MS);
  }
  return false;
}
