import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';

type Resource = 'fsize' | 'nofile';

/** Sets a limit of running processes, by util-linux' prlimit; their children get it as well. */
export function setLimit(pids: number[], resource: Resource, soft: number | 'unlimited'): void {
  for (const pid of pids) {
    try {
      // As its own user: in a container root may not do it to others.
      const { uid, gid } = statSync(`/proc/${pid}`);
      // The soft limit alone, so that it may be lifted again.
      execFileSync('prlimit', ['--pid', String(pid), `--${resource}=${soft}:`], {
        stdio: 'pipe',
        ...(process.getuid?.() === 0 ? { uid, gid } : {}),
      });
    } catch (error) {
      const said = String((error as { stderr?: Buffer }).stderr ?? error);
      if (!/No such process|ENOENT/.test(said)) throw error;
    }
  }
}
