import { format, resolveConfig } from 'prettier';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operationsOf } from '../../src/docs/document.js';
import { createOpenApi } from '../../src/docs/openapi.js';
import { type AccessLevel, type OperationId, policy, sessionsOnly } from '../../src/auth/policy.js';
import { type TestApp, createTestApp } from '../support/app.js';

const FILE = '../../ACCESS.md';

const INTRODUCTION = `# Who may do what

Made from the policy table (\`src/auth/policy.ts\`), which also drives the guard; a test calls every operation as each of
these callers. Every path also answers under \`/api\`. In the order of the OpenAPI document. After a change of the policy: \`npm test -- test/e2e/access-table.spec.ts -u\`.

✓ allowed · 401 sign in first · 403 seen but not allowed · 404 as if it did not exist. An account or item that does not
exist, or is another account's, is 404 for everybody.

API keys act as their user, but for the operations marked "refused": those are 403 with a key.
`;

const COLUMNS = ['Anonymous', 'User of another account', 'Account User', 'Account Admin', 'Admin'];

/** In the order of the columns. */
const cells: Record<AccessLevel, string[]> = {
  public: ['✓', '✓', '✓', '✓', '✓'],
  user: ['401', '✓', '✓', '✓', '✓'],
  admin: ['401', '403', '403', '403', '✓'],
  member: ['401', '404', '✓', '✓', '✓'],
  accountAdmin: ['401', '404', '403', '✓', '✓'],
};

let app: TestApp;
beforeAll(async () => {
  app = await createTestApp({}, 'api');
});
afterAll(() => app?.close());

it('ACCESS.md shows the policy as it is', async () => {
  const document = createOpenApi(app.app, app.config.version);
  const operations = document.tags!.flatMap(({ name }) =>
    operationsOf(document).filter(({ operation }) => operation.tags?.includes(name)),
  );
  expect(operations.map(({ operation }) => operation.operationId).sort()).toEqual(Object.keys(policy).sort());
  const rows = operations.map(({ path, method, operation }) => {
    const id = operation.operationId as OperationId;
    const level: AccessLevel = policy[id];
    const isOfAccount = path.includes('{accountId}');
    // An account is looked for before the role of the caller is.
    const own = isOfAccount && level === 'admin' ? cells.member.with(2, '403').with(3, '403') : cells[level];
    const call = `\`${method.toUpperCase()} ${path.replace(/^\/api/, '')}\``;
    return [id, call].concat(own, keysOf(id, level));
  });
  const header = ['Operation', 'Call', ...COLUMNS, 'API keys'];
  const table = [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  const options = await resolveConfig(new URL(FILE, import.meta.url).pathname);
  const text = await format(`${INTRODUCTION}\n${table}\n`, { ...options, parser: 'markdown' });
  await expect(text).toMatchFileSnapshot(FILE);
});

function keysOf(id: OperationId, level: AccessLevel): string {
  if (sessionsOnly.has(id)) return 'refused';
  return level === 'public' ? '' : '✓';
}
