import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...path) => join(root, ...path);

const NODE_MIN = [20, 19];
const INSTALLED = join('node_modules', '.package-lock.json');
const SOURCES = [
  'src',
  'console',
  'migrations',
  'tsconfig.json',
  'tsconfig.build.json',
  'rolldown.config.mjs',
  'package-lock.json',
];
const MAIN = at('dist', 'bundle', 'app', 'main.js');
const LOCK = at('dist', '.prepare.lock');
/** Longer than any install; by then the process id in the lock means nothing. */
const LOCK_MAX_MS = 15 * 60_000;
const STAMP = at('dist', '.build-stamp');

/**
 * Brings node_modules and, with `build`, dist up to date; does nothing and costs little where they are. `dev` asks
 * for the development tools even if there is a build that could run without them.
 */
export async function prepare({ build, dev = false }) {
  checkNode();
  if (isReady(build, dev)) return;
  await withLock(async () => {
    if (isReady(build, dev)) return;
    if (!isInstalled({ dev: true })) await install();
    if (build && !isBuilt()) await compile();
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`Data Pusher needs Node.js ${NODE_MIN.join('.')} or newer, this is ${process.versions.node}.`);
}

function isReady(build, dev) {
  // A production image has a build and no development tools: what it has is what it runs.
  if (!dev && existsSync(MAIN) && isPruned()) return isInstalled({ dev: false });
  return isInstalled({ dev: true }) && (!build || isBuilt());
}

/**
 * Compares the lock file with the one npm leaves in node_modules as its last step, so that an interrupted
 * install counts as none.
 */
function isInstalled({ dev }) {
  if (!existsSync(at('package-lock.json'))) return existsSync(at('node_modules'));
  if (!existsSync(at(INSTALLED))) return false;
  const wanted = packagesOf('package-lock.json');
  const installed = packagesOf(INSTALLED);
  return Object.entries(wanted).every(([path, { version, optional, devOptional, dev: isDev, link }]) => {
    if (path === '' || link) return true;
    const mayMiss = optional || devOptional || (isDev && !dev);
    return installed[path] ? installed[path].version === version : mayMiss;
  });
}

const isPruned = () =>
  existsSync(at(INSTALLED)) && !Object.values(packagesOf(INSTALLED)).some(({ dev }) => dev);

const packagesOf = (file) => JSON.parse(readFileSync(at(file), 'utf8')).packages;

async function install() {
  // NODE_ENV=production would leave out the compiler that the next step needs.
  await run('Installing dependencies', 'npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
}

const isBuilt = () => existsSync(MAIN) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === signature();

/** Names, sizes and times of everything that goes into dist. */
function signature() {
  const hash = createHash('sha256');
  for (const source of SOURCES.filter((path) => existsSync(at(path)))) {
    const files = statSync(at(source)).isDirectory()
      ? readdirSync(at(source), { recursive: true }).sort()
      : [''];
    for (const file of files.filter((name) => !name.endsWith('.spec.ts'))) {
      const stat = statSync(at(source, file));
      if (stat.isFile()) hash.update(`${join(source, file)} ${stat.size} ${stat.mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

async function compile() {
  // Taken before, so that a file saved meanwhile is compiled at the next start.
  const stamp = signature();
  // A migration that was renamed must not stay behind under its old name.
  for (const path of ['src', 'migrations', 'admin', '.tsbuildinfo', '.build-stamp'])
    rmSync(at('dist', path), { recursive: true, force: true });
  await run('Building', 'npm', ['run', 'build']);
  writeFileSync(STAMP, stamp);
}

/** Shows one line while the command runs, and its output only if it fails. */
async function run(title, command, args) {
  const startedAt = Date.now();
  process.stderr.write(`${title} …`);
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  // If we are killed, the next start waits for what we have begun.
  if (child.pid) writeFileSync(LOCK, String(child.pid));
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const code = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
  writeFileSync(LOCK, String(process.pid));
  process.stderr.write(
    ` ${code === 0 ? `done in ${Math.ceil((Date.now() - startedAt) / 1000)} s` : 'failed'}\n`,
  );
  if (code === 0) return;
  process.stderr.write(Buffer.concat(chunks));
  fail(`${title} failed (${[command, ...args].join(' ')}: ${code}).`);
}

/** Keeps two starts on a fresh clone out of each other's way; a lock whose owner is gone does not count. */
async function withLock(work) {
  mkdirSync(at('dist'), { recursive: true });
  for (let told = false; !takeLock(); told = true) {
    if (!told) process.stderr.write('Waiting for another start that installs or builds …\n');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  process.once('exit', dropLock);
  await work();
  process.off('exit', dropLock);
  dropLock();
}

function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') fail(`Cannot write to ${at('dist')}: ${error.message}`);
    if (!isLockStale()) return false;
    dropLock();
    return takeLock();
  }
}

function isLockStale() {
  try {
    if (Date.now() - statSync(LOCK).mtimeMs > LOCK_MAX_MS) return true;
    process.kill(Number(readFileSync(LOCK, 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function dropLock() {
  rmSync(LOCK, { force: true });
}

/** Ends this process with one line. */
export function fail(message) {
  console.error(message);
  process.exit(1);
}
