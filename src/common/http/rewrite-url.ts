import { respell } from './spellings.js';

const PREFIX = '/api';

/** Paths that live beside the API and keep their spelling. */
const OUTSIDE = [
  '/api',
  '/swagger',
  '/redoc',
  '/queues',
  '/admin',
  '/health',
  '/metrics',
  '/openapi.json',
  '/openapi.yaml',
  '/favicon.ico',
];

/**
 * The one place where spellings of a path meet: a trailing slash never matters, every path of the API also
 * answers without `/api`, and paths of older APIs lead to the call they mean.
 */
export function rewriteUrl(url: string): string {
  const queryAt = url.indexOf('?');
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  const query = queryAt < 0 ? '' : url.slice(queryAt);
  if (!path.startsWith('/')) return url;
  const trimmed = trimSlashes(path);
  const outside =
    trimmed === '/' || OUTSIDE.some((known) => trimmed === known || trimmed.startsWith(`${known}/`));
  return respell(outside ? trimmed : PREFIX + trimmed) + query;
}

function trimSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 47) end--;
  return path.slice(0, end);
}
