import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from './env.js';

export interface Secrets {
  jwtSecret: string;
  /** `id:base64` list, see parseEncryptionKeys. */
  encryptionKeys: string;
  /** Password of the embedded database; unused with DATABASE_URL. */
  databasePassword: string;
}

/**
 * The secrets of this installation. With a database of your own they come from the environment; the embedded
 * one makes those that are missing once and keeps them in `secrets.json` (mode 0600) beside its data.
 */
export function loadSecrets(env: Env): Secrets {
  const stored = env.DATABASE_URL ? undefined : readOrCreate(env.DATA_DIR);
  return {
    jwtSecret: env.JWT_SECRET ?? stored!.jwtSecret,
    encryptionKeys: env.ENCRYPTION_KEYS ?? stored!.encryptionKeys,
    databasePassword: stored?.databasePassword ?? '',
  };
}

function readOrCreate(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json');
  if (existsSync(file)) return parse(file);
  const secrets: Secrets = {
    jwtSecret: randomBytes(48).toString('base64url'),
    encryptionKeys: `k1:${randomBytes(32).toString('base64')}`,
    databasePassword: randomBytes(24).toString('base64url'),
  };
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  try {
    // Whole or not at all, and of two processes that start together the first one's.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return parse(file);
}

function parse(file: string): Secrets {
  try {
    const secrets = JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>;
    if (secrets.jwtSecret && secrets.encryptionKeys && secrets.databasePassword) return secrets as Secrets;
  } catch {
    // Falls through to the one message for every kind of damage.
  }
  throw new Error(`${file} is damaged; restore it from a backup (stored secrets cannot be read without it)`);
}
