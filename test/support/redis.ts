import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisServer {
  url: string;
  port: number;
  pid: number;
  /** Sends the signal; resolves when it was sent, for SIGKILL and SIGTERM when the server has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Ends the server, frozen or not, and removes its folder. */
  stop(): Promise<void>;
}

let onPath: boolean | undefined;

/** Whether tests can start a Redis of their own: the only kind they may wipe, freeze and kill. */
export function ownRedisAvailable(): boolean {
  onPath ??= spawnSync('redis-server', ['--version']).status === 0;
  return onPath;
}

export function redisAvailable(): boolean {
  return Boolean(process.env['REDIS_URL']) || ownRedisAvailable();
}

/**
 * A fresh, empty server on a free port of 127.0.0.1 (or on `port`, to come back where another one died).
 * Without redis-server on the PATH, the one at REDIS_URL, which `kill` and `stop` leave alone.
 */
export async function startRedis(port?: number): Promise<RedisServer> {
  if (!ownRedisAvailable()) return redisAtUrl();

  const chosenPort = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'data-pusher-redis-'));
  const options = { port: chosenPort, bind: '127.0.0.1', dir: folder, save: '', appendonly: 'no' };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const endWithUs = () => server.kill('SIGKILL');
  process.once('exit', endWithUs);
  await accepting(server);

  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const ended = signal === 'SIGKILL' || signal === 'SIGTERM' ? once(server, 'exit') : undefined;
    server.kill(signal);
    await ended;
  };
  const stop = async () => {
    await kill('SIGKILL');
    process.off('exit', endWithUs);
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${chosenPort}`, port: chosenPort, pid: server.pid!, kill, stop };
}

async function accepting(server: ChildProcess): Promise<void> {
  let output = '';
  for await (const chunk of server.stdout!.iterator({ destroyOnReturn: false })) {
    output += String(chunk);
    if (output.includes('Ready to accept connections')) {
      server.stdout!.resume();
      return;
    }
  }
  throw new Error(`redis-server did not start:\n${output}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function redisAtUrl(): RedisServer {
  const url = process.env['REDIS_URL'];
  if (!url) throw new Error('No redis-server on the PATH and no REDIS_URL.');
  const kill = () => Promise.reject(new Error('The Redis at REDIS_URL is not ours to kill.'));
  return { url, port: Number(new URL(url).port || 6379), pid: 0, kill, stop: async () => {} };
}
