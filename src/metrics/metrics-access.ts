import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '../common/crypto/tokens.js';
import { Problem } from '../common/errors/problem.js';

/** @throws Problem 401 where a token is set and the header does not bear it. Without one everybody may read. */
export function checkMetricsToken(token: string | undefined, authorization: string | undefined): void {
  if (token === undefined) return;
  const sent = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1] ?? '';
  if (timingSafeEqual(sha256(sent), sha256(token))) return;
  throw new Problem('unauthenticated', 'Send "Authorization: Bearer <METRICS_TOKEN>".', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
