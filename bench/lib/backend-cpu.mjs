import { existsSync, readFileSync } from 'node:fs';

/** Milliseconds of a core that the backend of a connection has had so far; NaN where there is no /proc. */
export function cpuMs({ processID }) {
  const file = `/proc/${processID}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : NaN;
}
