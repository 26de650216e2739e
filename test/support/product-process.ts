import { type ChildProcess, spawn } from 'node:child_process';
import { expectNoSecrets } from './canaries.js';
import { root } from './openapi.js';
import { startOptions } from './start-options.js';
import { waitFor } from './wait-for.js';

const DIST = `${root}dist/bundle/app/`;

export interface ProductProcess {
  child: ChildProcess;
  /** Of the API; undefined for a worker. */
  url: string | undefined;
  output(): string;
  /** Fails where it has printed a secret. Sends the signal and resolves with the exit code, or the name of the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  exited: Promise<number | string>;
}

/** Runs the built product as its users do: `node dist/bundle/app/main.js` or `worker.js`. */
export function runProduct(
  entry: 'main' | 'worker',
  env: Record<string, string>,
  args: string[] = [],
): ProductProcess {
  const child = spawn(process.execPath, [...startOptions(root), `${DIST}${entry}.js`, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exited = new Promise<number | string>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown')),
  );
  return {
    child,
    exited,
    output: () => text,
    get url() {
      return /API +(http:\/\/localhost:\d+)\/api/.exec(text)?.[1]?.replace('localhost', '127.0.0.1');
    },
    end: async (signal) => {
      child.kill(signal);
      const result = await exited;
      expectNoSecrets(text);
      return result;
    },
  };
}

/** Starts the product and waits until it says that it is ready. */
export async function startProduct(...run: Parameters<typeof runProduct>): Promise<ProductProcess> {
  const product = runProduct(...run);
  let code: number | string | undefined;
  void product.exited.then((result) => (code = result));
  await waitFor(
    () => {
      if (code !== undefined) throw new Error(`it ended with ${code}:\n${product.output()}`);
      return product.output().includes('is ready');
    },
    { timeoutMs: 30_000, what: 'the product' },
  );
  return product;
}
