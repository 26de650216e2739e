import type { OpenAPIObject } from '@nestjs/swagger';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenApi } from '../../src/docs/openapi.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type TestAccount,
  type TestUser,
  addMember,
  createAccount,
  createDestination,
  registerAdmin,
  registerUser,
} from '../support/factories.js';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  enum?: unknown[];
  example?: unknown;
  minimum?: number;
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
}

interface BodyOperation {
  id: string;
  method: string;
  path: string;
  schema: Schema;
}

/** What no body may set, beside the columns of every table. */
const FAVOURITES = [
  'isAdmin',
  'is_admin',
  'is_superuser',
  'permissions',
  'password_hash',
  'access',
  'accountId',
  'apiKeyId',
  'member_role',
  'tokens',
];

let app: TestApp;
let admin: TestUser;
let account: TestAccount;
let destinationId: string;
let memberId: string;
let operations: BodyOperation[];
let columns: string[];

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  account = await createAccount(app, admin);
  destinationId = (await createDestination(app, admin, account, { url: 'http://127.0.0.1:9/hook' })).id;
  memberId = (await addMember(app, admin, account, await registerUser(app), 'User')).id;
  operations = readOperations(createOpenApi(app.app, app.config.version));
  columns = [
    ...new Set(
      app.dataSource.entityMetadatas.flatMap((entity) =>
        entity.columns.flatMap((column) => [column.propertyName, column.databaseName]),
      ),
    ),
  ];
});

afterAll(() => app?.close());

/** Every operation with a body of named fields; a body that is any JSON is a producer's own. */
function readOperations(document: OpenAPIObject): BodyOperation[] {
  const resolve = (schema: Schema): Schema => {
    const whole = schema.$ref ? document.components!.schemas![schema.$ref.split('/').at(-1)!] : schema;
    return (whole as Schema).allOf ? resolve((whole as Schema).allOf![0]!) : (whole as Schema);
  };
  const deepen = (schema: Schema): Schema => {
    const { properties, items, ...rest } = resolve(schema);
    const fields = Object.entries(properties ?? {}).map(([name, field]) => [name, deepen(field)] as const);
    return {
      ...rest,
      ...(properties ? { properties: Object.fromEntries(fields) } : {}),
      ...(items ? { items: deepen(items) } : {}),
    };
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, { operationId: string; requestBody?: never }>).flatMap(
      ([method, { operationId, requestBody }]) => {
        const body = requestBody as { content: Record<string, { schema: Schema }> } | undefined;
        const schema = body?.content['application/json'] && deepen(body.content['application/json'].schema);
        return schema?.properties ? [{ id: operationId, method: method.toUpperCase(), path, schema }] : [];
      },
    ),
  );
}

/** A value of the field that passes for good, so that nothing but the strange field is in the way. */
function valueOf(name: string, field: Schema): unknown {
  if (name === 'email') return `new-${uuidv7()}@example.com`;
  if (name === 'currentPassword') return admin.password;
  if (name === 'account_id' || name === 'account') return account.id;
  if (name === 'url') return 'http://127.0.0.1:9/hook';
  if (field.example !== undefined) return field.example;
  if (field.enum) return field.enum[0];
  if (field.properties) return bodyOf(field);
  if (field.items) return [valueOf(name, field.items)];
  if (field.format === 'uuid') return destinationId;
  if (field.format === 'date-time') return '2026-01-31T09:30:00Z';
  if (field.type === 'integer' || field.type === 'number') return field.minimum ?? 1;
  if (field.type === 'boolean') return false;
  return field.type === 'object' ? {} : 'text';
}

function bodyOf({ properties = {}, required = [] }: Schema): Record<string, unknown> {
  // Where the account is told by the body, it is looked for before the rest is.
  const needed = Object.keys(properties).filter((name) => required.includes(name) || name === 'account_id');
  return Object.fromEntries(needed.map((name) => [name, valueOf(name, properties[name]!)]));
}

function urlOf(path: string): string {
  return path
    .replace('{accountId}', account.id)
    .replace('{destinationId}', destinationId)
    .replace('{memberId}', memberId)
    .replace('{userId}', admin.user.id)
    .replaceAll(/\{\w+\}/g, () => uuidv7());
}

/** Where a strange field may be put: into the body, and into every object within it. */
function placesIn(
  body: unknown,
  schema: Schema,
  at = '',
): { at: string; object: Record<string, unknown>; known: string[] }[] {
  if (schema.items && Array.isArray(body)) return placesIn(body[0], schema.items, `${at}0.`);
  if (!schema.properties || typeof body !== 'object' || body === null) return [];
  const object = body as Record<string, unknown>;
  const inner = Object.entries(schema.properties).flatMap(([name, field]) =>
    placesIn(object[name], field, `${at}${name}.`),
  );
  return [{ at, object, known: Object.keys(schema.properties) }, ...inner];
}

/** JSON of the body with the fields; `__proto__` has to be written by hand to be a field of its own. */
function withFields(object: Record<string, unknown>, fields: string[], whole: unknown): string {
  const values = new Map(fields.map((field, index) => [`strange-${index}`, field] as const));
  for (const mark of values.keys()) object[mark] = 'Admin';
  const text = JSON.stringify(whole);
  for (const mark of values.keys()) delete object[mark];
  return [...values].reduce((json, [mark, field]) => json.replace(`"${mark}"`, JSON.stringify(field)), text);
}

/** Names that parsers and validators have plans of their own for. */
const RESERVED = ['__proto__', 'constructor', 'prototype'];

async function refusedFields({ method, path }: BodyOperation, raw: string): Promise<string[]> {
  const answer = await app.call(method, urlOf(path), { token: admin.token, raw });
  expect({ status: answer.status, title: answer.body.title }).toEqual({ status: 400, title: 'Invalid Data' });
  return answer.body.errors
    .filter(({ message }: { message: string }) => message === 'is not a known field')
    .map(({ field }: { field: string }) => field);
}

/** Everything that is stored, in one value. */
async function digestOfDatabase(): Promise<string> {
  const tables: { name: string }[] = await app.dataSource.query(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  const digests = [];
  for (const { name } of tables) {
    const [{ digest }] = await app.dataSource.query(
      `SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM ${name} t`,
    );
    digests.push(`${name} ${digest}`);
  }
  return digests.join('\n');
}

describe('no body of the API', () => {
  it('is left out', () => {
    const ids = operations.map(({ id }) => id);
    expect(ids.length).toBeGreaterThanOrEqual(18);
    expect(ids).toEqual(
      expect.arrayContaining(['registerUser', 'patchUser', 'createMember', 'createApiKey']),
    );
    expect(columns).toEqual(
      expect.arrayContaining(['passwordHash', 'token_version', 'created_by', 'accountId']),
    );
    expect(columns.length).toBeGreaterThan(80);
  });

  it('takes a column of any table that it does not name: each is refused by its name, and nothing changes', async () => {
    const before = await digestOfDatabase();
    const fields = [...new Set([...columns, ...FAVOURITES])];
    let tried = 0;
    for (const operation of operations) {
      const body = bodyOf(operation.schema);
      for (const { at, object, known } of placesIn(body, operation.schema)) {
        const strange = fields.filter((field) => !known.includes(field));
        const refused = await refusedFields(operation, withFields(object, strange, body));
        const wanted = strange.map((field) => at + field).sort();
        expect({ at: `${operation.id} ${at}`, refused: refused.sort() }).toEqual({
          at: `${operation.id} ${at}`,
          refused: wanted,
        });
        tried += strange.length;
      }
    }
    expect(tried).toBeGreaterThan(1500);
    expect(await digestOfDatabase()).toBe(before);
  });

  it('takes the dangerous ones alone either, beside a body that is good', async () => {
    const before = await digestOfDatabase();
    const dangerous = [
      'id',
      'role',
      'created_by',
      'accountId',
      'token_version',
      'passwordHash',
      'first_admin',
    ];
    for (const operation of operations)
      for (const field of dangerous) {
        const body = bodyOf(operation.schema);
        if (operation.schema.properties![field]) continue;
        const refused = await refusedFields(operation, withFields(body, [field], body));
        expect({ [operation.id]: refused }).toEqual({ [operation.id]: [field] });
      }
    expect(await digestOfDatabase()).toBe(before);
  });

  it.each(RESERVED)('takes %s, and none answers 500', async (field) => {
    const before = await digestOfDatabase();
    for (const operation of operations) {
      const body = bodyOf(operation.schema);
      const raw = withFields(body, [field], body);
      const { status } = await app.call(operation.method, urlOf(operation.path), { token: admin.token, raw });
      expect({ [operation.id]: status }).toEqual({ [operation.id]: 400 });
    }
    expect(await digestOfDatabase()).toBe(before);
  });
});
