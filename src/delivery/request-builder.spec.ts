import { describe, expect, it } from 'vitest';
import { buildRequest, type DeliveryRequest, type DeliveryRequestInput } from './request-builder.js';
import { sign } from './signer.js';

const key = Buffer.alloc(32, 7);
const input: DeliveryRequestInput = {
  destination: { url: 'https://example.com/hook', httpMethod: 'POST', headers: { APP_ID: '1234' } },
  signingKeys: [key],
  webhookId: '0198c0de-0000-7000-8000-000000000001',
  eventId: 'order/1.2',
  deliveryId: '0198c0de-0000-7000-8000-000000000002',
  attempt: 2,
  maxAttempts: 10,
  payload: Buffer.from('{"a": 1.0}'),
  nowMs: 1_614_265_330_999,
};

function build(destination: Partial<DeliveryRequestInput['destination']> = {}, more = {}): DeliveryRequest {
  const request = buildRequest({ ...input, ...more, destination: { ...input.destination, ...destination } });
  if ('refused' in request) throw new Error(request.refused);
  return request;
}
const headersOf = ({ headers }: DeliveryRequest): Record<string, string> =>
  Object.fromEntries(
    headers.flatMap((name, i) => (i % 2 === 0 ? [[name.toLowerCase(), headers[i + 1]!]] : [])),
  );

describe('the request of an attempt', () => {
  it('has the headers of the destination and those of the gateway', () => {
    expect(headersOf(build())).toEqual({
      app_id: '1234',
      'webhook-id': input.webhookId,
      'webhook-timestamp': '1614265330',
      'webhook-signature': sign([key], input.webhookId, 1_614_265_330, input.payload),
      'cl-x-event-id': 'order/1.2',
      'cl-x-delivery-id': input.deliveryId,
      'cl-x-attempt': '2 of 10',
      'content-type': 'application/json',
    });
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s sends the very bytes received', (httpMethod) => {
    const { body, url, method } = build({ httpMethod });
    expect(body).toBe(input.payload);
    expect([method, url]).toEqual([httpMethod, input.destination.url]);
  });

  it('takes the content type of the destination, then of the event', () => {
    const own = build(
      { headers: { 'CONTENT-type': 'text/plain' } },
      { contentType: 'application/cloudevents+json' },
    );
    expect(own.headers.filter((text) => /^content-type$/i.test(text))).toEqual(['CONTENT-type']);
    const ofEvent = build({}, { contentType: 'application/cloudevents+json' });
    expect(headersOf(ofEvent)['content-type']).toBe('application/cloudevents+json');
  });

  it('as GET has the event in the URL, no body, no content type, and a signature over nothing', () => {
    const request = build({ httpMethod: 'GET' });
    expect(request).toMatchObject({ method: 'GET', url: 'https://example.com/hook?a=1.0', body: null });
    expect(headersOf(request)['webhook-signature']).toBe(
      sign([key], input.webhookId, 1_614_265_330, Buffer.alloc(0)),
    );
    expect(headersOf(request)).not.toHaveProperty('content-type');
  });

  it('as GET is refused for a large event', () => {
    const payload = Buffer.from(JSON.stringify({ a: 'x'.repeat(7000) }));
    const destination = { ...input.destination, httpMethod: 'GET' };
    expect(buildRequest({ ...input, destination, payload })).toEqual({ refused: expect.any(String) });
  });

  it('sends headers that are called like members of Object', () => {
    const headers = JSON.parse('{"__proto__":"a","constructor":"b"}') as Record<string, string>;
    expect(build({ headers }).headers.slice(0, 4)).toEqual(['__proto__', 'a', 'constructor', 'b']);
  });
});
