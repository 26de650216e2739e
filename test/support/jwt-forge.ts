import { createHmac } from 'node:crypto';
import { testSecrets } from './app.js';

export type TokenClaims = Record<string, unknown>;

export const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export const readClaims = (token: string): TokenClaims =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as TokenClaims;

interface Forgery {
  header?: object;
  hash?: string;
  secret?: string;
}

/** A token as somebody who knows the secret of this installation could make it, unless told otherwise. */
export function forge(claims: unknown, { header, hash = 'sha256', secret }: Forgery = {}): string {
  const signed = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${createHmac(hash, secret ?? testSecrets.jwtSecret)
    .update(signed)
    .digest('base64url')}`;
}
