import { expect } from 'vitest';
import type { TestApp } from './app.js';
import { databaseEnv, runCli } from './cli.js';
import type { TestUser } from './factories.js';

export interface AuditEntry extends Record<string, unknown> {
  seq: number;
  id: string;
  at: string;
  action: string;
  changes: Record<string, [unknown, unknown]>;
  prev_hash: string;
  hash: string;
}

/**
 * Reads the audit log of all accounts as `admin`.
 * @param scene asked at every call.
 */
export function auditCalls(scene: () => { app: TestApp; admin: TestUser }) {
  const list = async (query = '') => {
    const { app, admin } = scene();
    const { status, body } = await app.call('GET', `/audit${query}`, { token: admin.token });
    expect(status).toBe(200);
    return body as { data: AuditEntry[]; page: { next: string | null } };
  };
  const newest = async (query = '') => (await list(`?limit=1${query}`)).data[0]!;
  return { list, newest };
}

export const verifyAudit = (app: TestApp, ...flags: string[]) =>
  runCli(['audit', 'verify', ...flags], { env: databaseEnv(app.config.database) });
