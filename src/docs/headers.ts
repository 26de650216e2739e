import type { HeaderObject, HeadersObject, OperationObject } from '@nestjs/swagger';

/** Headers that more than one answer has. */
export const sharedHeaders: Record<string, HeaderObject> = {
  RequestId: {
    description: 'Names this request in our log: your X-Request-Id where it was a sane one',
    schema: { type: 'string', example: '0197738c-1f80-7c3a-9d0e-5b1f6a2c4d7e' },
  },
  RetryAfter: {
    description: 'Seconds to wait before the request is sent again',
    schema: { type: 'integer', minimum: 1, example: 1 },
  },
  RateLimitPolicy: {
    description: 'Quota of the account and window in seconds (draft-ietf-httpapi-ratelimit-headers)',
    schema: { type: 'string', example: '"account";q=5;w=1' },
  },
  RateLimit: {
    description: 'What remains of the quota, and seconds until a place is free',
    schema: { type: 'string', example: '"account";r=4;t=1' },
  },
};

const reference = (name: string) => ({ $ref: `#/components/headers/${name}` });

const requestId: HeadersObject = { 'X-Request-Id': reference('RequestId') };
const retryAfter: HeadersObject = { 'Retry-After': reference('RetryAfter') };
const rateLimit: HeadersObject = {
  'RateLimit-Policy': reference('RateLimitPolicy'),
  RateLimit: reference('RateLimit'),
};

/** Headers of a problem, by its status. The limit of an account is told where producers send. */
export const headersOfProblem = (status: number): HeadersObject => ({
  ...requestId,
  ...([429, 503].includes(status) ? retryAfter : {}),
  ...(status === 429 ? rateLimit : {}),
});

export function headersOf({ security = [] }: OperationObject, status: string): HeadersObject {
  const isCounted = status.startsWith('2') && security.some((scheme) => 'accountToken' in scheme);
  return { ...requestId, ...(isCounted ? rateLimit : {}) };
}
