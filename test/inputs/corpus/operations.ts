export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  nullable?: boolean;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
  example?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  oneOf?: Schema[];
}

interface DocumentedOperation {
  operationId: string;
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  security?: Record<string, string[]>[];
}

export interface OpenApi {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema> };
}

/** What an operation takes, with every reference of the document followed. */
export interface Operation {
  id: string;
  method: string;
  path: string;
  isPublic: boolean;
  query: Record<string, Schema>;
  /** Fields of the JSON body; null where it takes none. */
  body: { fields: Record<string, Schema>; required: string[] } | null;
}

/** The operations of the document that people call; a producer's, which take any JSON, have classes of their own. */
export function operationsOf(document: OpenApi): Operation[] {
  const resolve = (schema: Schema): Schema => {
    const target = schema.$ref ? document.components.schemas[schema.$ref.split('/').at(-1)!]! : schema;
    const parts = (target.allOf ?? []).map(resolve);
    return Object.assign({}, ...parts, schema, target, {
      properties: Object.assign({}, ...parts.map((part) => part.properties), target.properties),
    }) as Schema;
  };
  const fieldsOf = (schemas: Record<string, Schema>): Record<string, Schema> =>
    Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, resolve(schema)]));
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(
      ([method, { operationId, parameters = [], requestBody, security = [] }]) => {
        if (!path.startsWith('/api/') || security.some((scheme) => 'accountToken' in scheme)) return [];
        const json = requestBody?.content['application/json']?.schema;
        const body = json && resolve(json);
        const query = parameters.filter((parameter) => parameter.in === 'query');
        return [
          {
            id: operationId,
            method: method.toUpperCase(),
            path,
            isPublic: security.length === 0,
            query: fieldsOf(Object.fromEntries(query.map(({ name, schema }) => [name, schema]))),
            body: body ? { fields: fieldsOf(body.properties ?? {}), required: body.required ?? [] } : null,
          },
        ];
      },
    ),
  );
}

/** A value that fits the schema. */
export function sampleOf({ type, format, enum: values, minimum, minLength = 1, example }: Schema): unknown {
  if (example !== undefined) return example;
  if (values) return values[0];
  const byFormat: Record<string, string> = {
    email: 'ann@example.com',
    uri: 'https://example.com',
    uuid: '01920000-0000-7000-8000-000000000000',
    'date-time': '2026-01-31T09:30:00Z',
  };
  if (format && format in byFormat) return byFormat[format];
  const byType: Record<string, unknown> = {
    integer: minimum ?? 1,
    number: minimum ?? 1,
    boolean: true,
    array: [],
    object: {},
  };
  return byType[String(type)] ?? 'x'.repeat(Math.max(minLength, 1));
}
