import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestUser, createAccount, registerAdmin } from '../support/factories.js';

interface Schema {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema & { example?: unknown }>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  allOf?: Schema[];
  oneOf?: Schema[];
}

interface Answer {
  $ref?: string;
  description: string;
  content?: Record<string, { schema: Schema }>;
}

interface Operation {
  operationId: string;
  parameters: { name: string; in: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, Answer>;
  security?: Record<string, string[]>[];
}

interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; securitySchemes: Record<string, unknown> };
}

let app: TestApp;
let document: Document;
let operations: (Operation & { path: string })[];
let admin: TestUser;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  admin = await registerAdmin(app);
  document = (await app.call('GET', '/openapi.json')).body;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => Object.assign(operation, { path })),
  );
});

afterAll(() => app?.close());

const read = (pointer: string): unknown =>
  pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);

const follow = (answer: Answer): Answer => (answer.$ref ? (read(answer.$ref) as Answer) : answer);

const resolve = (schema: Schema): Schema => (schema.$ref ? (read(schema.$ref) as Schema) : schema);

describe('/openapi.json', () => {
  it('is an OpenAPI 3 document of this version', async () => {
    const answer = await app.call('GET', '/openapi.json');
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(document.openapi).toMatch(/^3\.\d\.\d$/);
    expect(document.info).toMatchObject({ title: 'Data Pusher', version: app.config.version });
    expect(operations.length).toBeGreaterThan(30);
  });

  it('has something at the end of every $ref', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map((match) => match[1]!);
    expect(refs.length).toBeGreaterThan(100);
    expect(refs.filter((ref) => !ref.startsWith('#/') || read(ref) === undefined)).toEqual([]);
  });

  it('declares exactly the parameters each path has, as required ones', () => {
    const inPath = ({ path }: { path: string }) => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const declared = ({ parameters }: Operation) =>
      parameters.filter((parameter) => parameter.in === 'path' && parameter.required).map(({ name }) => name);
    for (const operation of operations)
      expect({ [operation.operationId]: declared(operation).sort() }).toEqual({
        [operation.operationId]: inPath(operation).sort(),
      });
  });

  it('declares no parameter twice', () => {
    for (const { operationId, parameters } of operations) {
      const names = parameters.map((parameter) => `${operationId} ${parameter.in} ${parameter.name}`);
      expect(names).toEqual([...new Set(names)]);
    }
  });

  it('describes every answer, and its security schemes', () => {
    for (const { responses, security } of operations) {
      expect(Object.keys(responses).length).toBeGreaterThan(0);
      for (const answer of Object.values(responses)) expect(follow(answer).description).not.toBe('');
      for (const scheme of (security ?? []).flatMap(Object.keys))
        expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
  });

  it('requires only properties that exist', () => {
    for (const [name, { properties = {}, required = [] }] of Object.entries(document.components.schemas))
      expect({ [name]: Object.keys(properties) }).toEqual({ [name]: expect.arrayContaining(required) });
  });

  it('leaves no answer and no field of an answer without a type', () => {
    const untyped = (schema: Schema, at: string): string[] => {
      const { type, properties, items, enum: values, allOf, oneOf } = resolve(schema);
      if (allOf ?? oneOf ?? values) return [];
      if (type === 'array') return items ? untyped(items, `${at}[]`) : [at];
      if (type !== 'object') return type ? [] : [at];
      const isMap = resolve(schema).additionalProperties !== undefined;
      if (!properties) return isMap ? [] : [at];
      return Object.entries(properties).flatMap(([name, property]) => untyped(property, `${at}.${name}`));
    };
    const found = operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, answer]) =>
        Object.values(follow(answer).content ?? {}).flatMap(({ schema }) =>
          untyped(schema, `${operationId} ${status}`),
        ),
      ),
    );
    expect(found).toEqual([]);
  });

  it('gives examples for registering, signing in, accounts and destinations that work as they are', async () => {
    const exampleOf = (operationId: string): Record<string, unknown> => {
      const body = operations.find((operation) => operation.operationId === operationId)!.requestBody!;
      const { properties, required } = resolve(body.content['application/json']!.schema);
      const given = Object.entries(properties!).filter(([, { example }]) => example !== undefined);
      const example = Object.fromEntries(given.map(([name, property]) => [name, property.example]));
      expect(Object.keys(example)).toEqual(expect.arrayContaining(required!));
      return example;
    };
    const account = await createAccount(app, admin);
    const send = async (path: string, operationId: string) =>
      (await app.call('POST', path, { token: admin.token, body: exampleOf(operationId) })).status;
    expect(await send('/user/register', 'registerUser')).toBe(201);
    expect(await send('/user/login', 'loginUser')).toBe(200);
    expect(await send('/accounts', 'createAccount')).toBe(201);
    expect(await send(`/accounts/${account.id}/destinations`, 'createDestination')).toBe(201);
  });
});

describe('/openapi.yaml', () => {
  it('has the same operations and schemas', async () => {
    const answer = await app.call('GET', '/openapi.yaml');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('yaml');
    const named = (pattern: RegExp) => [...answer.body.matchAll(pattern)].map((match) => match[1]);
    expect(answer.body).toContain(`openapi: ${document.openapi}\n`);
    expect(named(/^ {6}operationId: (\w+)$/gm)).toEqual(operations.map(({ operationId }) => operationId));
    const [, schemas] = /\n {2}schemas:\n(.*?)\n {2}securitySchemes:/s.exec(answer.body)!;
    expect([...schemas!.matchAll(/^ {4}(\w+):$/gm)].map((match) => match[1])).toEqual(
      Object.keys(document.components.schemas),
    );
  });
});

const mediaTypes: Record<string, RegExp> = {
  js: /^(text|application)\/javascript$/,
  css: /^text\/css$/,
  png: /^image\/png$/,
};

describe.each(['/swagger', '/swagger/'])('%s', (path) => {
  it('shows Swagger UI with every script and style from here', async () => {
    const page = await app.call('GET', path);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const references = [...page.body.matchAll(/\b(?:src|href)=["']([^"'#]+)["']/g)].map(
      (match) => match[1] as string,
    );
    expect(references.filter((reference) => /\.(js|css)$/.test(reference)).length).toBeGreaterThanOrEqual(4);
    for (const reference of references) {
      const url = new URL(reference, app.url + path);
      expect(url.origin).toBe(app.url);
      const { status, headers } = await app.call('GET', url.pathname);
      expect({ reference, status, type: headers.get('content-type')?.split(';')[0] }).toEqual({
        reference,
        status: 200,
        type: expect.stringMatching(mediaTypes[/\w+$/.exec(reference)![0]]!),
      });
    }
  });
});
