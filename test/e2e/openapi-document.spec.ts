import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { problemCodes } from '../../src/common/errors/problem.js';
import { NO_EXAMPLE } from '../../src/docs/examples.js';
import { tagDescriptions } from '../../src/docs/tags.js';
import { readOpenApi } from '../../src/openapi.js';
import { lintOpenApi, root } from '../support/openapi.js';

interface Schema {
  $ref?: string;
  type?: string;
  format?: string;
  nullable?: boolean;
  enum?: unknown[];
  default?: unknown;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
}

type Content = Record<string, { schema?: Schema; example?: unknown; examples?: object }>;

interface Answer {
  $ref?: string;
  description: string;
  headers: Record<string, unknown>;
  content?: Content;
}

interface Operation {
  operationId: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security: Record<string, string[]>[];
  parameters: { name: string; in: string; description?: string; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, Answer>;
}

interface Document {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, Answer> };
}

/** For tests that start the linter. */
const LINTER_MS = 60_000;
const COMMITTED = join(root, 'openapi.json');

let document: Document;
let operations: { name: string; operation: Operation }[];

beforeAll(async () => {
  document = (await readOpenApi()) as unknown as Document;
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${operation.operationId} (${method.toUpperCase()} ${path})`,
      operation,
    })),
  );
});

const text = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Everything that `find` complains of, each with the operation it is about. */
const complaints = (find: (operation: Operation) => string[]): string[] =>
  operations.flatMap(({ name, operation }) => find(operation).map((what) => `${name}: ${what}`));

const follow = (answer: Answer): Answer =>
  answer.$ref ? document.components.responses[answer.$ref.split('/').at(-1)!]! : answer;

const resolve = (schema: Schema): Schema =>
  schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!]! : schema;

function inlineSchemas({ operationId, parameters, requestBody, responses }: Operation): [string, Schema][] {
  const contents = [requestBody?.content, ...Object.values(responses).map(({ content }) => content)];
  const media = contents.flatMap((content) => Object.values(content ?? {}));
  return [
    ...parameters.map(({ name, schema }): [string, Schema] => [`${operationId} ?${name}`, schema]),
    ...media.map(({ schema }): [string, Schema] => [operationId, schema!]),
  ];
}

/** Every schema that is written in the document, with where it stands. */
function everySchema(): { at: string; schema: Schema }[] {
  const below = (schema: Schema, at: string): { at: string; schema: Schema }[] => [
    { at, schema },
    ...Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => below(inner, `${at}.${name}`)),
    ...(schema.items ? below(schema.items, `${at}[]`) : []),
    ...[...(schema.allOf ?? []), ...(schema.oneOf ?? [])].flatMap((inner) => below(inner, at)),
  ];
  const named = Object.entries(document.components.schemas);
  const inline = operations.flatMap(({ operation }) => inlineSchemas(operation));
  return [...named, ...inline].flatMap(([at, schema]) => below(schema, at));
}

describe('openapi.json', () => {
  it('is what the code says: after a change of the API run "npm run openapi" and commit what it writes', () => {
    expect(readFileSync(COMMITTED, 'utf8') === text(document), 'openapi.json is up to date').toBe(true);
  });

  it(
    'has nothing that the linter complains of',
    async () => {
      expect(await lintOpenApi(COMMITTED)).toEqual([]);
    },
    LINTER_MS,
  );

  it(
    'would not pass the linter with a parameter that nobody described',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'data-pusher-openapi-'));
      const file = join(folder, 'openapi.json');
      const broken = structuredClone(document);
      delete broken.paths['/api/accounts/{accountId}']!.get!.parameters[0]!.description;
      writeFileSync(file, text(broken));
      try {
        expect(await lintOpenApi(file)).toEqual([expect.stringContaining('parameter-description')]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    LINTER_MS,
  );

  it('stays as it is when operations are declared in another order', async () => {
    expect(Object.keys(document.paths)).toEqual(Object.keys(document.paths).sort());
    const { schemas } = document.components;
    expect(Object.keys(schemas)).toEqual(Object.keys(schemas).sort());
  });
});

describe('an operation', () => {
  it('has a camelCase operationId, a summary and a description', () => {
    expect(
      complaints(({ operationId, summary, description }) => [
        ...(/^[a-z][a-zA-Z0-9]*$/.test(operationId) ? [] : ['its operationId is not camelCase']),
        ...(summary && description ? [] : ['give @Operation a summary']),
      ]),
    ).toEqual([]);
  });

  it('has one tag, which src/docs/tags.ts describes', () => {
    expect(
      complaints(({ tags = [] }) =>
        tags.length === 1 && tagDescriptions[tags[0]!]
          ? []
          : [
              `has the tags ${JSON.stringify(tags)}: give its controller one @ApiTags that src/docs/tags.ts has`,
            ],
      ),
    ).toEqual([]);
    expect(document.tags.map(({ name }) => name)).toEqual(Object.keys(tagDescriptions));
    for (const { description } of document.tags) expect(description).toMatch(/\.$/);
  });

  it('says what it answers when all goes well, with a named schema or with no content', () => {
    expect(
      complaints(({ responses }) => {
        const good = Object.entries(responses).filter(([status]) => status.startsWith('2'));
        if (good.length === 0) return ['add @ApiOkResponse({ type }) or the like'];
        return good.flatMap(([status, { content }]) => {
          if (status === '204') return content ? ['a 204 has no content'] : [];
          const schemas = Object.entries(content ?? {});
          if (schemas.length === 0) return [`its ${status} has no content: give the decorator a type`];
          return schemas.flatMap(([type, { schema }]) =>
            schema?.$ref || (!type.includes('json') && schema?.type === 'string')
              ? []
              : [`its ${status} ${type} has no named schema: give the decorator a class`],
          );
        });
      }),
    ).toEqual([]);
  });

  it('says how it fails, as a problem with the statuses that its kind has', () => {
    expect(
      complaints(({ responses, security, requestBody }) => {
        const wanted = [
          '500',
          '503',
          ...(security.length > 0 ? ['401'] : []),
          ...(requestBody ? ['400', '413', '415'] : []),
        ];
        const missing = wanted.filter((status) => !responses[status]);
        const untyped = Object.entries(responses).filter(
          ([status, answer]) =>
            /^[45]/.test(status) &&
            !Object.values(follow(answer).content ?? {}).some(({ schema }) => schema?.$ref),
        );
        return [
          ...missing.map((status) => `does not say that it answers ${status}: name it in @Operation`),
          ...untyped.map(([status]) => `its ${status} has no schema`),
        ];
      }),
    ).toEqual([]);
  });

  it('has X-Request-Id on every answer, and Retry-After where trying again helps', () => {
    expect(
      complaints(({ responses }) =>
        Object.entries(responses).flatMap(([status, answer]) => {
          const { headers, content = {} } = follow(answer);
          const wanted = ['X-Request-Id', ...(['429', '503'].includes(status) ? ['Retry-After'] : [])];
          const isProblem = 'application/problem+json' in content;
          return (isProblem ? wanted : wanted.slice(0, 1))
            .filter((name) => !(name in headers))
            .map((name) => `its ${status} does not describe ${name}`);
        }),
      ),
    ).toEqual([]);
  });
});

describe('a body', () => {
  it('has an example: every required field names one, optional fields where they help', () => {
    expect(
      complaints(({ requestBody }) =>
        Object.values(requestBody?.content ?? {}).flatMap(({ example, examples }) =>
          (example === undefined && !examples) || JSON.stringify(example)?.includes(NO_EXAMPLE)
            ? [`give the fields of its body an example: ${JSON.stringify(example)}`]
            : [],
        ),
      ),
    ).toEqual([]);
  });

  it('refuses unknown fields, as the validation does', () => {
    expect(
      complaints(({ requestBody }) =>
        Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => {
          const { properties, additionalProperties } = resolve(schema!);
          return properties && additionalProperties !== false ? ['its body takes unknown fields'] : [];
        }),
      ),
    ).toEqual([]);
  });

  it('says defaults in words: generated clients would have to send them, or reset what nobody named', () => {
    expect(
      complaints(({ requestBody }) =>
        Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
          Object.entries(resolve(schema!).properties ?? {})
            .filter(([, property]) => property.default !== undefined)
            .map(([name]) => `${name} has a default`),
        ),
      ),
    ).toEqual([]);
  });
});

describe('a schema', () => {
  it('has a name without View or Dto, which nothing else has', () => {
    expect(Object.keys(document.components.schemas).filter((name) => /(View|Dto)$/.test(name))).toEqual([]);
  });

  it('says what its objects hold', () => {
    const empty = everySchema().filter(
      ({ schema: { type, properties, additionalProperties, allOf } }) =>
        type === 'object' && !properties && additionalProperties === undefined && !allOf,
    );
    expect(empty.map(({ at }) => at)).toEqual([]);
  });

  it('names every choice of values, so that generators need not invent a name: use enumName', () => {
    const unnamed = everySchema().filter(
      ({ at, schema }) => (schema.enum?.length ?? 0) > 1 && /[.?[]/.test(at),
    );
    expect(unnamed.map(({ at }) => at)).toEqual([]);
  });

  it('gives ids and times their formats', () => {
    const odd = everySchema().filter(({ at, schema }) => {
      if (schema.type !== 'string') return false;
      const name = /\.(\w+)$/.exec(at)?.[1] ?? '';
      const isOurId = /^(id|\w+_id)$/.test(name) && !['event_id', 'request_id'].includes(name);
      if (isOurId) return schema.format !== 'uuid';
      return name.endsWith('_at') && schema.format !== 'date-time';
    });
    expect(odd.map(({ at }) => at)).toEqual([]);
  });

  it('says null only of something that has a type, as OpenAPI 3.0 wants it', () => {
    const untyped = everySchema().filter(({ schema }) => schema.nullable && !schema.type);
    expect(untyped.map(({ at }) => at)).toEqual([]);
  });

  it('lists every code that a problem can have', () => {
    expect(document.components.schemas.ProblemCode!.enum).toEqual(Object.keys(problemCodes));
  });
});
