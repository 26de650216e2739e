import { hash, randomBytes } from 'node:crypto';

/** 32 random bytes as URL-safe text: too much to guess, so a plain SHA-256 of it may be stored. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

export function sha256(data: string | Buffer): Buffer {
  return hash('sha256', data, 'buffer');
}
