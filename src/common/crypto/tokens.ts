import { hash, randomBytes } from 'node:crypto';

/** 32 random bytes as URL-safe text: too much to guess, so a plain SHA-256 of it may be stored. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** By way of text, because a Buffer of Node's own for each would be memory outside the heap that is collected one by one. */
export function sha256(data: string | Buffer): Buffer {
  return Buffer.from(hash('sha256', data, 'binary'), 'binary');
}
