import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OperationId, policy } from '../../src/auth/policy.js';
import { unaudited } from '../../src/auth/unaudited.js';
import { createOpenApi } from '../../src/docs/openapi.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type CallersOfTwoAccounts, createCallers } from '../support/callers.js';
import { requestOf } from '../support/operation-requests.js';
import { type Operation, placesOf } from '../support/operations.js';

const operationIds = Object.keys(policy) as OperationId[];

let app: TestApp;
let operations: Map<string, Operation>;
let scene: CallersOfTwoAccounts;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  operations = placesOf(createOpenApi(app.app, app.config.version));
  scene = await createCallers(app);
});

afterAll(() => app?.close());

describe('the audit log', () => {
  const actionsSince = async (seq: string): Promise<string[]> =>
    (await app.dataSource.query('SELECT action FROM audit_log WHERE seq > $1 ORDER BY seq', [seq])).map(
      ({ action }: { action: string }) => action,
    );

  it.each(operationIds)(
    'gets one row of a %s that succeeds if it changes something, else none',
    async (id) => {
      const caller = scene.callers.find(({ isGlobalAdmin }) => isGlobalAdmin)!;
      // Everything that is made for the call is there before the last row is looked up.
      const request = await requestOf({ ...scene, operations }, caller, id, {
        name: 'ours',
        account: 'ours',
        item: 'ours',
      });
      const { method, url, options } = request;
      const [{ last }] = await app.dataSource.query('SELECT coalesce(max(seq), 0) AS last FROM audit_log');
      expect((await app.call(method, url, options)).status).toBeLessThan(300);
      const isTold = method !== 'GET' && !unaudited[id];
      expect(
        await actionsSince(last),
        `call audit.record once in the transaction of ${id}, or give a reason in src/auth/unaudited.ts`,
      ).toEqual(isTold ? [id] : []);
    },
  );
});
