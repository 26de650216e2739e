import type { INestApplicationContext } from '@nestjs/common';
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { fromCli, withOrigin } from '../audit/audit-origin.js';
import { Audit } from '../audit/audit.service.js';
import { SealedBox, parseEncryptionKeys } from '../common/crypto/sealed-box.js';
import { AppConfig } from '../config/app-config.js';
import {
  type LockedValue,
  type SealedTable,
  countByKey,
  listSealedTables,
  resealTable,
} from '../database/sealed-columns.js';
import { withPool, withServices } from './installation.js';
import { CommandFailed, count, say, tell } from './output.js';

const DETAILS = `
A new key takes four steps; the product serves all the while:
  1. Put it behind those in use (ENCRYPTION_KEYS=k1:…,k2:…) and restart every process, one after the other: all can
     read it. Without ENCRYPTION_KEYS the list is encryptionKeys in secrets.json of the data folder.
  2. Move it to the front (k2:…,k1:…) and restart every process again: from here on it encrypts.
  3. Run rotate-keys. It may be stopped and run again at any moment.
  4. When nothing is reported under the old key, take that off the list and restart.`;

const SHOWN_LOCKED = 20;
const PROGRESS_MS = 1000;

export function rotateKeysCommand(program: Command): void {
  program
    .command('rotate-keys')
    .description('encrypt everything that is encrypted at rest with the first of ENCRYPTION_KEYS')
    .option('--dry-run', 'only report which keys are in use')
    .addHelpText('after', DETAILS)
    .action(({ dryRun }: { dryRun?: boolean }) =>
      withServices(async (services) => {
        const config = services.get(AppConfig);
        const box = new SealedBox(parseEncryptionKeys(config.secrets.encryptionKeys));
        await withPool(config, (pool) => rotate(pool, box, services, dryRun === true));
      }),
    );
}

async function rotate(
  pool: Pool,
  box: SealedBox,
  services: INestApplicationContext,
  dryRun: boolean,
): Promise<void> {
  const tables = await listSealedTables(pool);
  if (dryRun) {
    await report(pool, tables, box.currentKeyId);
    return;
  }
  const before = await keysOf(pool, tables);
  const locked = await resealAll(pool, tables, box);
  const after = await keysOf(pool, tables);
  await recordRotation(services, before, after);
  const old = await report(pool, tables, box.currentKeyId);
  if (locked.length > 0) throw new CommandFailed(describeLocked(locked));
  if (old > 0)
    throw new CommandFailed(
      `${count(old, 'value')} were written under another key meanwhile. Restart every process with "${box.currentKeyId}" first in ENCRYPTION_KEYS, then run this again.`,
    );
}

async function keysOf(pool: Pool, tables: SealedTable[]): Promise<string[]> {
  const keys = new Set<string>();
  for (const table of tables) for (const key of (await countByKey(pool, table)).keys()) keys.add(key);
  return [...keys].sort();
}

/** After the last batch: no value changes, only the key it is under. */
async function recordRotation(
  services: INestApplicationContext,
  before: string[],
  after: string[],
): Promise<void> {
  const change = {
    target: { type: 'installation', id: null },
    before: { sealed_with: before },
    after: { sealed_with: after },
  };
  await services
    .get(DataSource)
    .transaction((manager) =>
      withOrigin(fromCli('rotateKeys'), () => services.get(Audit).record(manager, change)),
    );
}

async function resealAll(pool: Pool, tables: SealedTable[], box: SealedBox): Promise<LockedValue[]> {
  const locked: LockedValue[] = [];
  for (const table of tables) {
    let tellAt = Date.now() + PROGRESS_MS;
    const found = await resealTable(pool, table, box, (rows) => {
      if (Date.now() < tellAt) return;
      tell(`${table.name}: ${count(rows, 'row')} so far`);
      tellAt = Date.now() + PROGRESS_MS;
    });
    locked.push(...found);
  }
  return locked;
}

/** @returns how many values other keys than the current one have sealed. */
async function report(pool: Pool, tables: SealedTable[], current: string): Promise<number> {
  let old = 0;
  for (const table of tables) {
    const keys = [...(await countByKey(pool, table))];
    for (const [key, values] of keys) {
      say(
        `${table.name}: ${count(values, 'value')} under "${key}"${key === current ? ', the current key' : ''}`,
      );
      if (key !== current) old += values;
    }
  }
  say(old === 0 ? `Everything is under "${current}".` : `${count(old, 'value')} under other keys.`);
  return old;
}

function describeLocked(locked: LockedValue[]): string {
  const lines = locked
    .slice(0, SHOWN_LOCKED)
    .map(({ table, id, column, problem }) => `  ${table} ${id} ${column}: ${problem}`);
  if (locked.length > SHOWN_LOCKED) lines.push(`  and ${locked.length - SHOWN_LOCKED} more`);
  return [
    `${count(locked.length, 'value')} cannot be opened and were left as they are:`,
    ...lines,
    'Put the missing key back on the list and run this again.',
  ].join('\n');
}
