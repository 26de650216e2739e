import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/openapi.js';
import { startOptions } from '../support/start-options.js';

const run = (script: string, argument: string) =>
  new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    const args = [join(root, 'scripts', `${script}.mjs`), argument];
    execFile(process.execPath, args, { cwd: root }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });

describe.each([
  ['openapi', ['--unknown', 'more']],
  ['demo', ['--unknown', 'more']],
  // Takes names of faults, which only what it builds knows.
  ['prove', ['--unknown']],
])('npm run %s', (script, refused) => {
  const writtenAt = () => statSync(join(root, 'openapi.json')).mtimeMs;

  it('answers --help with its usage and does nothing', async () => {
    const before = writtenAt();
    const { code, stdout, stderr } = await run(script, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: npm run ${script}( -- .*)?\\n\\n.*\\.\\n$`));
    expect(writtenAt()).toBe(before);
  });

  it.each(refused)('refuses %s and does nothing', async (argument) => {
    const before = writtenAt();
    const { code, stdout, stderr } = await run(script, argument);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`'${argument}'[^]*\\nUsage: npm run ${script}`));
    expect(writtenAt()).toBe(before);
  });
});

it('starts every process with the same options for what is young', () => {
  const young = /--(?:m(?:in|ax)-semi-space-size=\d+|no-allocation-site-pretenuring)/g;
  const options = startOptions(root);
  expect(options.filter((option) => option.match(young))).toHaveLength(3);
  for (const script of ['start:api', 'start:worker']) expect(startOptions(root, script)).toEqual(options);
  for (const file of ['Dockerfile', 'docker-compose.yml'])
    expect(readFileSync(join(root, file), 'utf8').match(young)).toEqual(options);
});
