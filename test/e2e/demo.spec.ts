import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { registerUser } from '../support/factories.js';

describe('npm run demo', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await createTestApp();
  });
  afterAll(() => app.close());

  const demo = async (env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, ['scripts/demo.mjs'], {
      env: { ...process.env, DEMO_EMAIL: '', DEMO_PASSWORD: '', DATA_PUSHER_URL: app.url, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const code = new Promise((resolve) => child.once('exit', resolve));
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, lines: output.trimEnd().split('\n'), errors };
  };

  it('makes the first Admin and delivers 101 events to two destinations, one of them flaky', async () => {
    const { code, lines, errors } = await demo();
    expect(errors).toBe('');
    expect(lines.at(-1)).toBe('101 accepted, 202 delivered, 204 attempts, 0 duplicates, 0 corrupt, lost 0');
    expect(lines).toContainEqual(expect.stringMatching(/^steady +101 +101 +101 +0 +0 +0$/));
    expect(lines).toContainEqual(expect.stringMatching(/^flaky +101 +101 +103 +0 +0 +0$/));
    expect(code).toBe(0);
  }, 60_000);

  it('says in one line that it needs an Admin', async () => {
    const { email, password } = await registerUser(app);
    const notAdmin = await demo({ DEMO_EMAIL: email, DEMO_PASSWORD: password });
    expect(notAdmin).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^.* is not an Admin.*DEMO_EMAIL.*\n$/),
    });
    const stranger = await demo({ DEMO_EMAIL: email, DEMO_PASSWORD: 'not the password' });
    expect(stranger).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^.* cannot sign in.*DEMO_EMAIL.*\n$/),
    });
  });

  it('says in one line that no server answers', async () => {
    const { code, errors } = await demo({ DATA_PUSHER_URL: 'http://127.0.0.1:1' });
    expect(errors).toBe(
      'No server answers at http://127.0.0.1:1: start it with npm start in another terminal.\n',
    );
    expect(code).toBe(1);
  });
});
