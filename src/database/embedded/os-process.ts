import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same id. */
export interface ProcessIdentity {
  pid: number;
  /** Boot and start time of the process; absent where the system does not tell. */
  start?: string;
}

const hasProc = existsSync('/proc/self/stat');

export function identify(pid: number): ProcessIdentity {
  return { pid, start: startOf(pid) };
}

export function isRunning({ pid, start }: ProcessIdentity): boolean {
  if (!answersSignals(pid)) return false;
  const current = startOf(pid);
  return current === undefined || start === undefined || current === start;
}

/** Every process the system shows, with its command line as one string. */
export function listProcesses(): { pid: number; command: string }[] {
  if (!hasProc) {
    return ps('-axww', '-o', 'pid=,command=')
      .split('\n')
      .map((line) => ({ pid: Number.parseInt(line, 10), command: line.replace(/^\s*\d+\s/, '') }));
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), command: commandOf(name) }));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function startOf(pid: number): string | undefined {
  if (!hasProc) return ps('-o', 'lstart=', '-p', String(pid)).trim() || undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name, which may hold spaces and brackets; field 3 is the state, 22 the start.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') return 'zombie';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function ps(...args: string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  } catch {
    return '';
  }
}
