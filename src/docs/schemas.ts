import type { OpenAPIObject } from '@nestjs/swagger';
import {
  type Schema,
  bodyOf,
  operationsOf,
  resolveSchema,
  schemasIn,
  schemasOf,
  walkSchema,
} from './document.js';

/** Says of schemas what the validation does, in the words that generators of clients understand best. */
export function shapeSchemas(document: OpenAPIObject): void {
  for (const schema of Object.values(schemasOf(document))) {
    unwrapReferences(schema);
    typeNullable(document, schema);
    formatIds(schema);
  }
  for (const { method, operation } of operationsOf(document))
    for (const body of schemasIn(bodyOf(operation)?.content))
      walkSchema(document, body, (schema) => {
        closeObject(schema);
        for (const property of Object.values(schema.properties ?? {}))
          tellDefault(property, method === 'put' || method === 'patch');
      });
}

/** `allOf` around a single reference is only needed where something is said beside it. */
function unwrapReferences({ properties = {} }: Schema): void {
  for (const [name, { allOf, ...beside }] of Object.entries(properties as Record<string, Schema>))
    if (allOf?.length === 1 && Object.keys(beside).length === 0) properties[name] = allOf[0]!;
}

/** OpenAPI 3.0 lets only that be null which says its type. */
function typeNullable(document: OpenAPIObject, { properties = {} }: Schema): void {
  for (const property of Object.values(properties as Record<string, Schema>))
    if (property.nullable && property.allOf)
      property.type ??= resolveSchema(document, property.allOf[0]!).type;
}

/** Lists of our ids; the ids of events are their producers' own. */
function formatIds({ properties = {} }: Schema): void {
  for (const [name, { items }] of Object.entries(properties as Record<string, Schema>))
    if (name.endsWith('_ids') && name !== 'event_ids' && items) (items as Schema).format ??= 'uuid';
}

function closeObject(schema: Schema): void {
  if (schema.properties) schema.additionalProperties ??= false;
}

/**
 * Says a default in words. Some generators make a field with a default one that must be sent; others send it
 * unasked, so that a change of one field would reset every other: a change has none.
 */
function tellDefault(property: Schema, isChange: boolean): void {
  if (property.default === undefined) return;
  if (!isChange)
    property.description = `${property.description?.replace(/\.$/, '')}; ${JSON.stringify(property.default)} without it`;
  delete property.default;
}
