import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DatabaseConnection } from '../../src/config/app-config.js';
import { testSecrets } from './app.js';

const CLI = fileURLToPath(new URL('../../dist/bundle/app/cli.js', import.meta.url));

export interface CliResult {
  code: number | string;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  env?: Record<string, string>;
  stdin?: string;
}

/** Runs one command as operators do, to its end. */
export function runCli(args: string[], options: CliOptions = {}): Promise<CliResult> {
  return runToEnd(process.execPath, [CLI, ...args], options);
}

/** The same on a terminal: answers each prompt when it is shown; everything shown is in `stdout`. */
export function runCliOnTerminal(
  args: string[],
  answers: [prompt: string, answer: string][],
  env: Record<string, string>,
): Promise<CliResult> {
  const command = ['exec', process.execPath, CLI, ...args].join(' ');
  return runToEnd('script', ['-qec', command, '/dev/null'], { env, answers });
}

async function runToEnd(
  program: string,
  args: string[],
  { env = {}, stdin, answers = [] }: CliOptions & { answers?: [prompt: string, answer: string][] },
): Promise<CliResult> {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: 'pipe',
    timeout: 50_000,
  });
  const output = { stdout: '', stderr: '' };
  const open = [...answers];
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].on('data', (chunk: Buffer) => {
      output[stream] += chunk.toString();
      if (open[0] && output.stdout.includes(open[0][0])) child.stdin.write(`${open.shift()![1]}\r`);
    });
  // A command that takes no input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  if (answers.length === 0) child.stdin.end(stdin);
  const code = await new Promise<number | string>((resolve) =>
    child.on('close', (exit, signal) => resolve(exit ?? signal ?? 'unknown')),
  );
  return { code, ...output };
}

/** Settings of a process that works on this database. */
export function databaseEnv(connection: DatabaseConnection): Record<string, string> {
  const { user, password, host, port, database } = connection;
  return {
    DATABASE_URL: `postgres://${user}:${password}@${encodeURIComponent(host!)}:${port}/${database}`,
    JWT_SECRET: testSecrets.jwtSecret,
    ENCRYPTION_KEYS: testSecrets.encryptionKeys,
  };
}
