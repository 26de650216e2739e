import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { isUUID } from 'class-validator';
import { Brackets, MoreThan, Repository, type SelectQueryBuilder } from 'typeorm';
import { likePattern } from '../common/http/like-pattern.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { AuditEntry } from './audit-entry.entity.js';
import { type AuditEntryView, type ListAuditQuery, toAuditEntryView } from './audit.dto.js';

const WALK_ROWS = 1000;

/** Reads the audit log. */
@Injectable()
export class AuditLogService {
  constructor(@InjectRepository(AuditEntry) private readonly entries: Repository<AuditEntry>) {}

  /** Newest first. */
  async list(query: ListAuditQuery): Promise<Page<AuditEntryView>> {
    const select = this.entries
      .createQueryBuilder('a')
      .orderBy('a.seq', 'DESC')
      .limit(query.limit + 1);
    const cursor = readCursor(query);
    if (cursor) select.andWhere('a.seq < (SELECT seq FROM audit_log WHERE id = :cursor)', { cursor });
    narrow(select, query);
    return toPage(await select.getMany(), query, toAuditEntryView);
  }

  /** Every row, a thousand at a time. */
  async *oldestFirst(): AsyncGenerator<AuditEntryView> {
    for (let after = '0'; ;) {
      const rows = await this.entries.find({
        where: { seq: MoreThan(after) },
        order: { seq: 'ASC' },
        take: WALK_ROWS,
      });
      for (const row of rows) yield toAuditEntryView(row);
      if (rows.length < WALK_ROWS) return;
      after = rows.at(-1)!.seq;
    }
  }
}

function narrow(select: SelectQueryBuilder<AuditEntry>, query: ListAuditQuery): void {
  if (query.account_id) select.andWhere('a.account_id = :account', { account: query.account_id });
  if (query.api_key_id) select.andWhere('a.api_key_id = :key', { key: query.api_key_id });
  if (query.target_id) select.andWhere('a.target_id = :target', { target: query.target_id });
  if (query.action) select.andWhere('a.action = :action', { action: query.action });
  if (query.actor && isUUID(query.actor)) select.andWhere('a.actor_id = :actor', { actor: query.actor });
  else if (query.actor) select.andWhere('a.actor_email = :actor', { actor: query.actor.toLowerCase() });
  if (query.from) select.andWhere('a.at >= :from', { from: query.from });
  if (query.to) select.andWhere('a.at < :to', { to: query.to });
  if (query.q)
    select.andWhere(
      new Brackets((or) =>
        or.where('a.actor_email ILIKE :q').orWhere('a.action ILIKE :q').orWhere('a.changes::text ILIKE :q'),
      ),
      { q: likePattern(query.q) },
    );
}
