import type {
  ContentObject,
  OpenAPIObject,
  OperationObject,
  ReferenceObject,
  RequestBodyObject,
  ResponseObject,
  SchemaObject,
} from '@nestjs/swagger';

export type Schema = SchemaObject & Partial<ReferenceObject>;

export const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof methods)[number];

export interface DescribedOperation {
  path: string;
  method: Method;
  operation: OperationObject;
}

export function operationsOf(document: OpenAPIObject): DescribedOperation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );
}

export const schemasOf = (document: OpenAPIObject): Record<string, Schema> =>
  (document.components!.schemas ??= {});

export const bodyOf = ({ requestBody }: OperationObject): RequestBodyObject | undefined =>
  requestBody as RequestBodyObject | undefined;

export const answersOf = ({ responses }: OperationObject): [string, ResponseObject][] =>
  Object.entries(responses) as [string, ResponseObject][];

export const schemasIn = (content: ContentObject = {}): Schema[] =>
  Object.values(content).flatMap(({ schema }) => (schema ? [schema as Schema] : []));

/** The schema itself, or the one that it refers to. */
export function resolveSchema(document: OpenAPIObject, schema: Schema): Schema {
  return schema.$ref ? schemasOf(document)[schema.$ref.split('/').at(-1)!]! : schema;
}

/** Calls `visit` with the schema and with everything below it, references followed, each once. */
export function walkSchema(
  document: OpenAPIObject,
  schema: Schema,
  visit: (schema: Schema) => void,
  seen = new Set<Schema>(),
): void {
  const found = resolveSchema(document, schema);
  if (seen.has(found)) return;
  seen.add(found);
  visit(found);
  const { allOf = [], oneOf = [], anyOf = [], items, properties = {}, additionalProperties } = found;
  const map = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  const below = [
    ...allOf,
    ...oneOf,
    ...anyOf,
    ...(items ? [items] : []),
    ...Object.values(properties),
    ...map,
  ];
  for (const inner of below) walkSchema(document, inner, visit, seen);
}
