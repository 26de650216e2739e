import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const OUTPUT_KEPT = 4000;
export const STOP_LIMIT_MS = 25_000;
const children = new Set();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * A process of its own that answers questions. `isReady` recognises in its output that it is ready; without it
 * the process says so by a message (answers.mjs).
 */
export class Process {
  #child;
  #path;
  #output = '';
  #asked = new Map();
  #lastId = 0;
  #ended;

  /** @returns the process and what it told when it was ready. */
  static async start(path, { env = {}, args = [], execArgv = [], isReady } = {}) {
    const process = new Process(path, env, args, execArgv);
    const told = await process.#whenReady(isReady);
    return [process, told];
  }

  constructor(path, env, args, execArgv) {
    this.#path = path;
    this.#child = fork(fileURLToPath(new URL(`../../${path}`, import.meta.url)), args, {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      // Not the repository: its .env is not meant for what is measured.
      cwd: tmpdir(),
      execArgv,
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    children.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (chunk) => (this.#output = (this.#output + chunk).slice(-OUTPUT_KEPT)));
    this.#child.on('message', ({ id, result, error }) => {
      const { resolve, reject } = this.#asked.get(id) ?? {};
      this.#asked.delete(id);
      if (error) reject?.(new Error(`${path}: ${error}`));
      else resolve?.(result);
    });
    this.#ended = once(this.#child, 'close').then(() => this.#fail());
  }

  ask(name, input) {
    const id = ++this.#lastId;
    const answered = this.#expect(id);
    // Where it has ended, #fail has said so or is about to.
    if (this.#child.connected) this.#child.send({ id, name, input }, () => undefined);
    else void this.#ended.then(() => this.#fail());
    return answered;
  }

  async stop(limitMs = STOP_LIMIT_MS) {
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), limitMs);
    this.#child.kill('SIGTERM');
    await this.#ended;
    clearTimeout(limit);
  }

  #expect(id) {
    return new Promise((resolve, reject) => this.#asked.set(id, { resolve, reject }));
  }

  #whenReady(isReady) {
    const told = this.#expect(0);
    if (isReady)
      this.#child.stdout.on('data', () => {
        const match = isReady.exec(this.#output);
        if (match) this.#asked.get(0)?.resolve(match);
      });
    return told;
  }

  #fail() {
    children.delete(this.#child);
    const how = this.#child.exitCode ?? this.#child.signalCode;
    for (const { reject } of this.#asked.values())
      reject(new Error(`${this.#path} ended (${how}):\n${this.#output}`));
    this.#asked.clear();
  }
}
