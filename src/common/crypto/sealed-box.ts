import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** An ordered set of AES-256 keys by id. The first one encrypts, every one decrypts. */
export type EncryptionKeys = Map<string, Buffer>;

/** Reads `id:base64,id:base64`, each key 32 bytes. */
export function parseEncryptionKeys(text: string): EncryptionKeys {
  const keys: EncryptionKeys = new Map();
  for (const entry of text.split(',')) {
    const [id, encoded, ...rest] = entry.trim().split(':');
    const key = Buffer.from(encoded ?? '', 'base64');
    if (!id || !/^[A-Za-z0-9_-]{1,32}$/.test(id) || rest.length > 0 || key.length !== 32)
      throw new Error('must be id:base64 of 32 bytes; make one with: echo "k1:$(openssl rand -base64 32)"');
    if (keys.has(id)) throw new Error(`names the key id "${id}" twice`);
    keys.set(id, key);
  }
  return keys;
}

/**
 * Encrypts secrets at rest with AES-256-GCM. A sealed value is `id.base64(iv, tag, ciphertext)`; the id of
 * the row it belongs to is authenticated with it, so a value copied to another row does not open.
 */
export class SealedBox {
  constructor(private readonly keys: EncryptionKeys) {}

  /** The key that encrypts. */
  get currentKeyId(): string {
    return this.keys.keys().next().value!;
  }

  /** The same secret under the current key; unchanged where it is already. */
  reseal(sealed: string, rowId: string): string {
    return sealed.startsWith(`${this.currentKeyId}.`) ? sealed : this.seal(this.open(sealed, rowId), rowId);
  }

  seal(plaintext: string, rowId: string): string {
    const [id, key] = this.keys.entries().next().value!;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(rowId));
    const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
    return `${id}.${Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64')}`;
  }

  open(sealed: string, rowId: string): string {
    const dot = sealed.indexOf('.');
    const key = this.keys.get(sealed.slice(0, dot));
    if (!key) throw new Error(`no encryption key "${sealed.slice(0, dot)}" is configured`);
    const bytes = Buffer.from(sealed.slice(dot + 1), 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES))
      .setAAD(Buffer.from(rowId))
      .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }
}
