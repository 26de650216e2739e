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
   * Adds a row. Call it once per operation, as the last statement of its transaction that locks anything: whoever
   * changes something waits here for a COMMIT only, so nobody can wait for each other.
   */
  async record(manager: EntityManager, record: AuditRecord): Promise<void> {
    if (!manager.queryRunner?.isTransactionActive)
      throw new Error('audit.record belongs into the transaction of the change');
    await manager.query('SELECT pg_advisory_xact_lock($1)', [CHAIN_LOCK]);
    // A statement of its own, so that it sees what the one before in the lock has committed.
    const [chain]: [{ at: Date; seq: string | null; hash: string | null }] = await manager.query(
      `SELECT clock_timestamp()::timestamptz(3) AS at, last.seq, last.hash FROM (SELECT) one
       LEFT JOIN LATERAL (SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1) last ON true`,
    );
    const entry: AuditEntry = {
      ...describe(record),
      seq: String(Number(chain.seq ?? 0) + 1),
      id: uuidv7(),
      at: chain.at,
      prevHash: chain.hash ?? FIRST_PREV_HASH,
      hash: '',
    };
    entry.hash = hashOf(toAuditEntryView(entry));
    await manager.insert(AuditEntry, entry as QueryDeepPartialEntity<AuditEntry>);
  }
}

function describe(record: AuditRecord): Omit<AuditEntry, 'seq' | 'id' | 'at' | 'prevHash' | 'hash'> {
  const { action, via, actor, requestId, ip } = originOf(record);
  return {
    action,
    via,
    actorId: actor?.id ?? null,
    actorEmail: actor?.email ?? null,
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
  return { action, via: 'system', actor: null, requestId: null, ip: null };
}
