import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the linter of the document, which tells nobody and asks nobody for news; resolves to what it found. */
export function lintOpenApi(file: string): Promise<string[]> {
  const cli = join(createRequire(import.meta.url).resolve('@redocly/cli/package.json'), '../bin/cli.js');
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
