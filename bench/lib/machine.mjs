import { readdirSync, readFileSync } from 'node:fs';
import { cpus, platform } from 'node:os';

export const machine = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  platform: platform(),
  node: process.version,
});

/** CPU time of the machine and of this benchmark with all its processes, in ticks; null where there is no /proc. */
export function readCpu() {
  try {
    const [user, nice, system, idle, ioWait, ...rest] = readFileSync('/proc/stat', 'latin1')
      .split('\n', 1)[0]
      .split(/\s+/)
      .slice(1, 9)
      .map(Number);
    const busy = user + nice + system + rest.reduce((sum, ticks) => sum + ticks, 0);
    return { busy, total: busy + idle + ioWait, own: ownTicks() };
  } catch {
    return null;
  }
}

/** Which part of the machine's time other programs took between two readings: what disturbed a measurement. */
export function othersBetween(before, after) {
  if (!before || !after || after.total === before.total) return NaN;
  const others = after.busy - before.busy - (after.own - before.own);
  return Math.min(1, Math.max(0, others / (after.total - before.total)));
}

function ownTicks() {
  const children = new Map();
  for (const stat of allProcesses()) children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat]);
  const ticksBelow = (id) =>
    (children.get(id) ?? []).reduce(
      (sum, child) => sum + child.used + child.usedByEnded + ticksBelow(child.id),
      0,
    );
  const self = readProcess(process.pid);
  return self.used + self.usedByEnded + ticksBelow(process.pid);
}

/** CPU ticks of a process and of all below it, those that have ended included. */
export function ticksOf(id) {
  const children = allProcesses().filter(({ parent }) => parent === id);
  const own = readProcess(id);
  return children.reduce((sum, { used }) => sum + used, own.used + own.usedByEnded);
}

function allProcesses() {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.map(readProcess).filter(Boolean);
}

/** Null when it has ended. */
export function readProcess(id) {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'latin1');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return {
      id: Number(id),
      parent: fields[1],
      used: fields[11] + fields[12],
      usedByEnded: fields[13] + fields[14],
    };
  } catch {
    return null;
  }
}
