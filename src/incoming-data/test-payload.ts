import { Problem, invalid } from '../common/errors/problem.js';
import { invalidFields } from '../common/http/validation.js';
import { inspectJson } from './json-body.js';

export interface TestPayload {
  payload: Buffer;
  eventType: string | null;
}

/**
 * The bytes of a test event, which pass what any event has to pass.
 * @param body of the request; none, or one without `payload`, sends an example.
 */
export function readTestPayload(body: unknown, destinationId: string, maxBytes: number): TestPayload {
  const payload = Buffer.from(toText(payloadOf(body) ?? exampleFor(destinationId)));
  if (payload.length > maxBytes)
    throw new Problem(
      'payload_too_large',
      `payload may have ${maxBytes} bytes; this one has ${payload.length}.`,
    );
  const json = inspectJson(payload);
  if (!json.ok) throw invalid('payload', `is no event: ${json.problem.replace(/\.$/, '')}`);
  return { payload, eventType: json.eventType };
}

function payloadOf(body: unknown): unknown {
  if (body === undefined || body === null) return undefined;
  if (typeof body !== 'object' || Array.isArray(body)) throw invalid('body', 'must be an object');
  const unknownFields = Object.keys(body).filter((key) => key !== 'payload');
  if (unknownFields.length > 0)
    throw invalidFields(unknownFields.map((field) => ({ field, message: 'is not a known field' })));
  const { payload } = body as { payload?: unknown };
  if (payload !== undefined && (typeof payload !== 'object' || payload === null))
    throw invalid('payload', 'must be a JSON object or array');
  return payload;
}

/** What was just read as JSON can be written as JSON, unless it is nested deeper than the stack. */
function toText(payload: unknown): string {
  try {
    return JSON.stringify(payload);
  } catch {
    throw invalid('payload', 'is nested too deeply');
  }
}

const exampleFor = (destinationId: string) => ({
  event_type: 'data_pusher.test',
  message: 'This is a test of Data Pusher. Any status from 200 to 299 says that it was taken.',
  destination_id: destinationId,
  sent_at: new Date().toISOString(),
});
