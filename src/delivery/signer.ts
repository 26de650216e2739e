import { createHmac } from 'node:crypto';
import type { Payload } from './payload.js';

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/**
 * The key inside a signing secret `whsec_<base64>`.
 * @throws Error that does not repeat the secret.
 */
export function decodeSecret(secret: string): Buffer {
  const match = SECRET.exec(secret);
  if (!match) throw new Error('a signing secret must look like whsec_<base64>');
  return Buffer.from(match[1]!, 'base64');
}

/**
 * The `webhook-signature` of https://www.standardwebhooks.com: one signature per key, so that receivers
 * keep verifying while a secret is rotated.
 */
export function sign(keys: readonly Buffer[], id: string, timestampSeconds: number, body: Payload): string {
  const head = `${id}.${timestampSeconds}.`;
  if (keys.length === 1) return signWith(keys[0]!, head, body);
  return keys.map((key) => signWith(key, head, body)).join(' ');
}

function signWith(key: Buffer, head: string, body: Payload): string {
  const hmac = createHmac('sha256', key).update(head);
  if (typeof body === 'string') hmac.update(body, 'latin1');
  else hmac.update(body);
  return `v1,${hmac.digest('base64')}`;
}
