import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const { resolve: find } = createRequire(import.meta.url);
const run = promisify(execFile);

/** Writes the sources of the TypeScript client to `folder`, in a process of its own: the compiler is large. */
export async function generateClient(folder: string): Promise<void> {
  const program =
    "import { generateClient } from './scripts/openapi/client.mjs'; await generateClient(...process.argv.slice(1))";
  await runNode(['--input-type=module', '-e', program, root, folder], root);
}

/** Compiles the project in `folder`; its error is what the compiler says. */
export async function compile(folder: string): Promise<void> {
  await runNode([find('typescript/bin/tsc'), '-p', folder], folder);
}

/** Runs node; resolves to what it prints. */
export async function runNode(args: string[], cwd: string): Promise<string> {
  return (await run(process.execPath, args, { cwd })).stdout;
}

/** Runs the linter of the document, which tells nobody and asks nobody for news; resolves to what it found. */
export function lintOpenApi(file: string): Promise<string[]> {
  const cli = find('@redocly/cli/bin/cli.js');
  const args = [cli, 'lint', file, '--config', join(root, 'redocly.yaml'), '--format', 'json'];
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: root, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout) => {
      if (!stdout) return reject(error ?? new Error('The linter printed nothing.'));
      const { problems } = JSON.parse(stdout) as { problems: LintProblem[] };
      resolve(
        problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer})`),
      );
    });
  });
}

interface LintProblem {
  ruleId: string;
  message: string;
  location: { pointer?: string }[];
}
