import type { ContentObject, OpenAPIObject } from '@nestjs/swagger';
import { type Schema, answersOf, bodyOf, operationsOf, resolveSchema } from './document.js';

/** Stands where nobody gave an example. */
export const NO_EXAMPLE = '…';

/** What stands for a value of a format; everything else names its own in the field. */
const byFormat: Record<string, string> = {
  uuid: '0197738c-1f80-7c3a-9d0e-5b1f6a2c4d7e',
  'date-time': '2025-06-15T13:05:00.000Z',
  date: '2025-06-15',
  email: 'john123@gmail.com',
  uri: 'https://webhook.site/930ce096-9fd6-46c9-be29-58ec51b41308',
};

/** What stands for fields that many answers have. */
const byName: Record<string, unknown> = {
  access_token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl',
  refresh_token: 'cmVmcmVzaC10b2tlbi1vZi1hbi1leGFtcGxlLXNlc3M',
  app_secret_token: 'YXBwLXNlY3JldC10b2tlbi1vZi1hbi1leGFtcGxlLWE',
  access: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl',
  refresh: 'cmVmcmVzaC10b2tlbi1vZi1hbi1leGFtcGxlLXNlc3M',
  token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJleGFtcGxlIn0.bm90LWEtc2lnbmF0dXJl',
  invite_token: 'aW52aXRlLXRva2VuLW9mLWFuLWV4YW1wbGUtbWVtYmU',
  event_id: 'evt-2025-06-15-0001',
  event_type: 'user.update',
  url: 'https://webhook.site/930ce096-9fd6-46c9-be29-58ec51b41308',
  headers: { APP_ID: 'e70b157d-d333-4151-ac0a-0d01cdc6989a', ACTION: 'user.update' },
  body_sha256: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  hash: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  prev_hash: '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  detail: 'It is not stored: the body is not a JSON object or array.',
  explanation: 'Delivered at the first attempt: the destination answered 200.',
  response_excerpt: '{"ok":true}',
  duration_ms: 42,
  status_code: 200,
  last_status_code: 200,
  processed_at: '2025-06-15T13:05:00.120Z',
};

/** Puts a whole example beside every body and answer, made of the examples of its fields. */
export function addExamples(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document)) {
    illustrate(document, bodyOf(operation)?.content, true);
    for (const [, response] of answersOf(operation)) illustrate(document, response.content, false);
  }
}

function illustrate(document: OpenAPIObject, content: ContentObject = {}, isBody: boolean): void {
  for (const media of Object.values(content))
    if (media.schema && media.example === undefined && media.examples === undefined)
      media.example = exampleOf(document, media.schema, isBody);
}

/** @param spare leaves out what a caller would leave out: optional fields without an example. */
function exampleOf(document: OpenAPIObject, schema: Schema, spare: boolean): unknown {
  const { example, enum: values, allOf, oneOf, type, ...rest } = resolveSchema(document, schema);
  if (example !== undefined) return example;
  if (rest.default !== undefined) return rest.default;
  if (values) return values[0];
  if (allOf) return exampleOf(document, allOf[0] as Schema, spare);
  if (rest.nullable) return null;
  if (oneOf) return exampleOf(document, oneOf[0] as Schema, spare);
  if (type === 'array') return [exampleOf(document, rest.items as Schema, spare)];
  if (type === 'object') return exampleOfObject(document, rest, spare);
  if (type === 'integer' || type === 'number') return rest.minimum ?? 1;
  if (type === 'boolean') return false;
  return byFormat[rest.format ?? ''] ?? NO_EXAMPLE;
}

function exampleOfObject(document: OpenAPIObject, schema: Schema, spare: boolean): Record<string, unknown> {
  const { properties = {}, required = [] } = schema;
  const shown = Object.entries(properties as Record<string, Schema>).filter(
    ([name, property]) => !spare || required.includes(name) || property.example !== undefined,
  );
  return Object.fromEntries(
    shown.map(([name, property]) => [
      name,
      property.example ?? byName[name] ?? exampleOf(document, property, spare),
    ]),
  );
}
