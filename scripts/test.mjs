import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { prepare, root } from './prepare.mjs';

await prepare({ build: true, dev: true });
if (!process.env.REDIS_URL && !isOnPath('redis-server')) warnAboutRedis();

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [vitest, 'run', '--config', 'test/vitest.config.ts', ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
// Ctrl-C reaches both of us; the runner cleans up and decides how this ends.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.once('exit', (code) => {
  process.exitCode = code ?? 1;
});

function isOnPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function warnAboutRedis() {
  const text = ' No redis-server on PATH and no REDIS_URL: the tests on Redis do NOT run. ';
  const line = '═'.repeat(text.length);
  console.error(`\n╔${line}╗\n║${text}║\n╚${line}╝\n`);
}
