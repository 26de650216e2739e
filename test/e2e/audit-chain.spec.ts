import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type AuditEntry, auditCalls, verifyAudit } from '../support/audit.js';
import {
  type TestUser,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

/** RFC 8785, once more: anybody can check a row with what the documentation says. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  const sorted = present.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}

const hashOf = (entry: AuditEntry) =>
  createHash('sha256')
    .update(canonical({ ...entry, hash: undefined, api_key_id: entry.api_key_id ?? undefined }))
    .digest('hex');

describe('the audit log', { timeout: 60_000 }, () => {
  let app: TestApp;
  let admin: TestUser;

  beforeAll(async () => {
    app = await createTestApp({}, 'api');
    admin = await registerAdmin(app);
    await changeThisAndThat();
  });

  afterAll(() => app?.close());

  const { list, newest } = auditCalls(() => ({ app, admin }));

  /** Rows with text to escape, truth values and null, with what is not shown, and of another user. */
  async function changeThisAndThat(): Promise<void> {
    const user = await registerUser(app);
    const account = await createAccount(app, admin);
    const url = 'http://127.0.0.1:9/';
    const { id } = await createDestination(app, admin, account, { url, headers: { APP_SECRET: 'first' } });
    const path = `/accounts/${account.id}`;
    const email = `new-${user.email}`;
    const calls: [string, string, object, TestUser?][] = [
      ['PATCH', path, { account_name: 'Ünicode "x"', require_event_id: true }],
      ['PATCH', `${path}/destinations/${id}`, { headers: { APP_SECRET: 'second' } }],
      ['POST', `${path}/destinations/${id}/rotate-secret`, {}],
      ['POST', `${path}/destinations/${id}/pause`, {}],
      ['POST', `${path}/members`, { email: 'invited@example.com', role_name: 'User' }],
      ['POST', `${path}/rotate-token`, {}],
      ['PUT', '/user/profile', { email, currentPassword: user.password }, user],
    ];
    for (const [method, where, body, { token } = admin] of calls)
      expect((await app.call(method, where, { token, body })).status).toBeLessThan(300);
  }

  it('is a chain that anybody can check with nothing but the answers of the API', async () => {
    for (let made = 0; made < 5; made++) await createAccount(app, admin);
    const key = { name: 'key', currentPassword: admin.password };
    const { body } = await app.call('POST', '/user/api-keys', { token: admin.token, body: key });
    await createAccount(app, { ...admin, token: body.key });
    const { data } = await list('?limit=200');
    expect(data[0]).toMatchObject({ api_key_id: body.id });
    const rows = data.toReversed();
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
    for (const [index, row] of rows.entries()) {
      expect(row.hash).toBe(hashOf(row));
      expect(row.prev_hash).toBe(rows[index - 1]?.hash ?? '0'.repeat(64));
    }
  });

  it('stays one chain when many change things at once', async () => {
    const accounts = await Promise.all(Array.from({ length: 4 }, () => createAccount(app, admin)));
    const { seq } = await newest();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        app.call('PATCH', `/accounts/${accounts[index % 4]!.id}`, {
          token: admin.token,
          body: { account_name: `Name ${index}` },
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const { data } = await list('?limit=200&action=patchAccount');
    expect(data.filter((entry) => entry.seq > seq)).toHaveLength(40);
    expect(await verifyAudit(app)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('The chain is whole.'),
    });
  });

  it.each(["UPDATE audit_log SET actor_email = 'x'", 'DELETE FROM audit_log', 'TRUNCATE audit_log'])(
    'is append-only: %s is refused',
    async (statement) => {
      await expect(app.dataSource.query(statement)).rejects.toThrow('audit_log is append-only');
    },
  );
});
