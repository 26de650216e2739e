import { flattenHeaders, hasHeader } from './flat-headers.js';
import { buildGetUrl } from './get-url.js';
import type { Payload } from './payload.js';
import { sign } from './signer.js';

export interface DeliveryRequestInput {
  destination: { url: string; httpMethod: string; headers: Record<string, string> };
  /** Keys from `decodeSecret`, newest first. */
  signingKeys: readonly Buffer[];
  /** The event's internal UUID: the same in every attempt, safe in a header. */
  webhookId: string;
  /** The producer's own event id. */
  eventId: string;
  deliveryId: string;
  attempt: number;
  maxAttempts: number;
  /** The bytes as received. */
  payload: Payload;
  /** The event's content type, unless the destination sets one of its own. */
  contentType?: string;
  nowMs: number;
}

export interface DeliveryRequest {
  url: string;
  method: string;
  /** Name, value, name, value. */
  headers: string[];
  body: Payload | null;
}

const NO_BODY = '';

/** What goes on the wire for one attempt; `refused` says why it never can. The sender adds the transport's headers. */
export function buildRequest(input: DeliveryRequestInput): DeliveryRequest | { refused: string } {
  const { destination, payload } = input;
  if (destination.httpMethod !== 'GET') {
    const headers = buildHeaders(input, payload);
    if (!hasHeader(headers, 'content-type'))
      headers.push('content-type', input.contentType ?? 'application/json');
    return { url: destination.url, method: destination.httpMethod, headers, body: payload };
  }
  const target = buildGetUrl(destination.url, payload);
  if ('refused' in target) return target;
  return { url: target.url, method: 'GET', headers: buildHeaders(input, NO_BODY), body: null };
}

function buildHeaders(input: DeliveryRequestInput, signedBody: Payload): string[] {
  const timestampSeconds = Math.floor(input.nowMs / 1000);
  const headers = flattenHeaders(input.destination.headers);
  headers.push('webhook-id', input.webhookId);
  headers.push('webhook-timestamp', `${timestampSeconds}`);
  headers.push('webhook-signature', sign(input.signingKeys, input.webhookId, timestampSeconds, signedBody));
  headers.push('CL-X-EVENT-ID', input.eventId);
  headers.push('CL-X-DELIVERY-ID', input.deliveryId);
  headers.push('CL-X-ATTEMPT', `${input.attempt} of ${input.maxAttempts}`);
  return headers;
}
