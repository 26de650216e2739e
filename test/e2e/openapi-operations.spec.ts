import type { OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AccessLevel,
  type OperationId,
  accountPlaces,
  policy,
  sessionsOnly,
} from '../../src/auth/policy.js';
import { createOpenApi } from '../../src/docs/openapi.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type Operation, parametersOf, placesOf } from '../support/operations.js';

const operationIds = Object.keys(policy) as OperationId[];

let app: TestApp;
let document: OpenAPIObject;
let operations: Map<string, Operation>;

beforeAll(async () => {
  app = await createTestApp({}, 'api');
  document = createOpenApi(app.app, app.config.version);
  operations = placesOf(document);
});

afterAll(() => app?.close());

describe('the document', () => {
  interface Documented {
    operationId: string;
    tags?: string[];
    summary?: string;
    security?: Record<string, string[]>[];
    parameters: { in: string }[];
    requestBody?: unknown;
    responses: Record<
      string,
      { $ref?: string; content?: Record<string, { schema: Record<string, unknown> }> }
    >;
  }

  const read = (id: string): Documented => {
    const { method, path } = operations.get(id)!;
    return (document.paths[path] as unknown as Record<string, Documented>)[method.toLowerCase()]!;
  };

  /** Answers that follow from the level and from what the operation takes. */
  const impliedErrors = (id: OperationId): string[] => {
    const { parameters, requestBody } = read(id);
    const takesInput = requestBody !== undefined || parameters.some(({ in: place }) => place === 'query');
    const byLevel: Record<AccessLevel, string[]> = {
      public: [],
      user: ['401'],
      admin: ['401', '403'],
      member: ['401', '404'],
      accountAdmin: ['401', '403', '404'],
    };
    return [
      ...byLevel[policy[id]],
      ...(sessionsOnly.has(id) ? ['403'] : []),
      ...(parametersOf(operations.get(id)!.path).length > 0 ? ['404'] : []),
      ...(accountPlaces[id] === 'query' ? ['404'] : []),
      ...(takesInput ? ['400'] : []),
    ];
  };

  it('has each row of the policy once and nothing else', () => {
    const documented = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods as Record<string, Documented>).map(({ operationId }) => operationId),
    );
    expect(documented.sort()).toEqual([...operationIds].sort());
  });

  it('names operations in camelCase', () => {
    for (const id of operations.keys()) expect(id).toMatch(/^[a-z]+([A-Z][a-z]+)+$/);
  });

  it.each(operationIds)('says of %s what it is, who may call it and what it answers', (id) => {
    const operation = read(id);
    expect(operation.tags).toHaveLength(1);
    expect(operation.summary).toMatch(/^[A-Z].{5,}/);
    const isPublic = policy[id] === 'public';
    const schemes = (operation.security ?? []).flatMap((scheme) => Object.keys(scheme));
    expect(schemes.includes('bearer')).toBe(!isPublic);
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining(impliedErrors(id)));
  });

  it.each(operationIds)('types every answer of %s', (id) => {
    const answers = Object.entries(read(id).responses);
    expect(answers.some(([status]) => status.startsWith('2'))).toBe(true);
    for (const [status, { $ref, content }] of answers)
      if (status === '204') expect(content).toBeUndefined();
      else if (status < '300')
        expectTyped((content?.['application/json'] ?? content?.['application/x-ndjson'])?.schema);
      else if (status < '500') expect($ref).toMatch(/^#\/components\/responses\/\w+$/);
  });

  const expectTyped = (schema: Record<string, unknown> | undefined) =>
    expect(schema?.$ref ?? schema?.properties).toBeTruthy();
});
