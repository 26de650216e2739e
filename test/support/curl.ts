import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestAnswer } from './app.js';

const run = promisify(execFile);

/**
 * Runs a curl command as a document prints it, in a shell, against the server at `base` instead of the one on
 * port 8000.
 * @param values of the placeholders in the command, such as `<account_id>`.
 */
export async function curl(
  base: string,
  command: string,
  { token, values = {} }: { token?: string; values?: Record<string, string> } = {},
): Promise<Pick<TestAnswer, 'status' | 'body'>> {
  let asked = command.replace(/http:\/\/(127\.0\.0\.1|localhost):8000/, base);
  for (const [placeholder, value] of Object.entries(values)) asked = asked.replaceAll(placeholder, value);
  const options = ['-sS', "-w '\\n%{http_code}'", ...(token ? [`-H 'Authorization: Bearer ${token}'`] : [])];
  const { stdout } = await run('sh', ['-c', `${asked} ${options.join(' ')}`]).catch(explain);
  const end = stdout.lastIndexOf('\n');
  const text = stdout.slice(0, end);
  return { status: Number(stdout.slice(end + 1)), body: text && JSON.parse(text) };
}

function explain(error: Error & { code?: number | string }): never {
  if (error.code === 127) throw new Error('The tests of printed commands need curl: apt-get install curl.');
  throw error;
}
