import { Injectable } from '@nestjs/common';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { FIRST_PREV_HASH, hashOf } from './audit-chain.js';
import { type Snapshot, compare } from './audit-changes.js';
import { AuditEntry } from './audit-entry.entity.js';
import { type Actor, type Origin, currentOrigin } from './audit-origin.js';
import { toAuditEntryView } from './audit.dto.js';

/** "DPAU" in ASCII; whoever adds a row holds it until COMMIT, so that each row follows the one before. */
const CHAIN_LOCK = 0x44504155;
/** PostgreSQL takes 65,535 parameters, of which each row needs one per column. */
const INSERT_ROWS = 1000;

/** The last row there is, null without any, and the time by the database's clock. */
interface ChainEnd {
  at: Date;
  seq: string | null;
  hash: string | null;
}

export interface AuditRecord {
  target: { type: string; id: string | null };
  accountId?: string | null;
  before?: Snapshot | null;
  after?: Snapshot | null;
  /** Who did it, where nobody is signed in. */
  actor?: Actor;
  /** What it was, where the product does it by itself. */
  action?: string;
}

/** Tells of changes, in the transaction of the change: one is not there without the other. */
@Injectable()
export class Audit {
  /**
   * Adds a row for each record, in their order. Call it once per operation, as the last statement of its transaction
   * that locks anything: whoever changes something waits here for a COMMIT only, so nobody can wait for each other.
   */
  async record(manager: EntityManager, ...records: AuditRecord[]): Promise<void> {
    if (!manager.queryRunner?.isTransactionActive)
      throw new Error('audit.record belongs into the transaction of the change');
    await manager.query('SELECT pg_advisory_xact_lock($1)', [CHAIN_LOCK]);
    // A statement of its own, so that it sees what the one before in the lock has committed.
    const [end]: [ChainEnd] = await manager.query(
      `SELECT clock_timestamp()::timestamptz(3) AS at, last.seq, last.hash FROM (SELECT) one
       LEFT JOIN LATERAL (SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1) last ON true`,
    );
    const entries = chain(records, end);
    for (let from = 0; from < entries.length; from += INSERT_ROWS)
      await manager.insert(
        AuditEntry,
        entries.slice(from, from + INSERT_ROWS) as QueryDeepPartialEntity<AuditEntry>[],
      );
  }
}

/** The rows of `records`, each with the hash of the one before. */
function chain(records: AuditRecord[], { at, seq, hash }: ChainEnd): AuditEntry[] {
  const firstSeq = Number(seq ?? 0) + 1;
  let prevHash = hash ?? FIRST_PREV_HASH;
  return records.map((record, index) => {
    const content = { ...describe(record), seq: String(firstSeq + index), id: uuidv7(), at, prevHash };
    const entry: AuditEntry = { ...content, hash: '' };
    prevHash = entry.hash = hashOf(toAuditEntryView(entry));
    return entry;
  });
}

function describe(record: AuditRecord): Omit<AuditEntry, 'seq' | 'id' | 'at' | 'prevHash' | 'hash'> {
  const { action, via, actor, apiKeyId, requestId, ip } = originOf(record);
  return {
    action,
    via,
    actorId: actor?.id ?? null,
    actorEmail: actor?.email ?? null,
    apiKeyId,
    targetType: record.target.type,
    targetId: record.target.id,
    accountId: record.accountId ?? null,
    changes: compare(record.before ?? null, record.after ?? null),
    requestId,
    ip,
  };
}

function originOf({ action, actor }: AuditRecord): Origin {
  const origin = currentOrigin();
  if (origin) return { ...origin, actor: origin.actor ?? actor ?? null };
  if (!action) throw new Error('audit.record outside of an operation needs an action');
  return { action, via: 'system', actor: null, apiKeyId: null, requestId: null, ip: null };
}
