import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type EntityManager, Repository } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { Audit } from '../audit/audit.service.js';
import { type AccountScope, within } from '../auth/account-scope.js';
import type { AccountAccess, Caller } from '../auth/current-user.js';
import { newToken, sha256 } from '../common/crypto/tokens.js';
import { Problem, notFound } from '../common/errors/problem.js';
import { likePattern } from '../common/http/like-pattern.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { addCreatedRange } from '../database/created-range.js';
import { violatesUnique } from '../database/pg-errors.js';
import { Member } from './member.entity.js';
import {
  type CreateMemberDto,
  type CreatedMemberView,
  type ListMembersQuery,
  type MemberView,
  type UpdateMemberDto,
  toMemberView,
} from './members.dto.js';

@Injectable()
export class MembersService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Member) private readonly members: Repository<Member>,
    private readonly audit: Audit,
  ) {}

  /** Makes a known user a member, also one that was invited and registered without the invitation; others are invited. */
  async create(access: AccountAccess, body: CreateMemberDto, caller: Caller): Promise<CreatedMemberView> {
    const token = newToken();
    return this.dataSource.transaction(async (manager) => {
      const [made]: { id: string }[] = await manager
        .query(
          `INSERT INTO members (id, account_id, user_id, email, role_name, invite_token_sha256, created_by, updated_by)
         SELECT $1, $2, u.id, asked.email, $4, CASE WHEN u.id IS NULL THEN $5::bytea END, $6, $6
         FROM (VALUES ($3::varchar)) AS asked (email) LEFT JOIN users u ON u.email = asked.email
         ON CONFLICT (account_id, email) DO UPDATE SET user_id = excluded.user_id, role_name = excluded.role_name,
           invite_token_sha256 = NULL, updated_by = excluded.updated_by, updated_at = now()
           WHERE members.user_id IS NULL AND excluded.user_id IS NOT NULL
         RETURNING id`,
          [uuidv7(), access.accountId, body.email, body.role_name, sha256(token), caller.id],
        )
        .catch(rethrowAlreadyThere);
      if (!made) throw alreadyThere();
      const member = await this.load(manager, access, made.id);
      await this.recordChange(manager, null, member);
      const view = toMemberView(member);
      return view.status === 'invited' ? Object.assign(view, { invite_token: token }) : view;
    });
  }

  async list(scope: AccountScope, query: ListMembersQuery): Promise<Page<MemberView>> {
    const select = this.members
      .createQueryBuilder('m')
      .orderBy('m.id', 'DESC')
      .limit(query.limit + 1);
    const cursor = readCursor(query);
    if (cursor) select.andWhere('m.id < :cursor', { cursor });
    if (query.role_name) select.andWhere('m.role_name = :role', { role: query.role_name });
    addCreatedRange(select, 'm', query);
    if (query.q) select.andWhere('m.email ILIKE :q', { q: likePattern(query.q) });
    return toPage(await within(scope, select).getMany(), query, toMemberView);
  }

  async get(access: AccountAccess, id: string): Promise<MemberView> {
    return toMemberView(await this.load(this.members.manager, access, id));
  }

  async update(
    access: AccountAccess,
    id: string,
    body: UpdateMemberDto,
    caller: Caller,
  ): Promise<MemberView> {
    return this.dataSource.transaction(async (manager) => {
      const member = await this.lock(manager, access, id);
      if (body.role_name !== 'Admin') await this.keepAnAdmin(manager, member);
      await manager.update(
        Member,
        { id, accountId: access.accountId },
        { roleName: body.role_name, updatedBy: caller.id, updatedAt: () => 'now()' },
      );
      const changed = await this.load(manager, access, id);
      await this.recordChange(manager, member, changed);
      return toMemberView(changed);
    });
  }

  async remove(access: AccountAccess, id: string): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const member = await this.lock(manager, access, id);
      await this.keepAnAdmin(manager, member);
      await manager.delete(Member, { id, accountId: access.accountId });
      await this.recordChange(manager, member, null);
    });
  }

  /** Changes of one account's members take turns, so that two Admins cannot remove each other at once. */
  private async lock(manager: EntityManager, { accountId }: AccountAccess, id: string): Promise<Member> {
    await manager.query('SELECT id FROM accounts WHERE id = $1 FOR UPDATE', [accountId]);
    return this.load(manager, { accountId }, id);
  }

  private async load(
    manager: EntityManager,
    { accountId }: Pick<AccountAccess, 'accountId'>,
    id: string,
  ): Promise<Member> {
    const member = await manager.findOneBy(Member, { id, accountId });
    if (!member) throw notFound('member');
    return member;
  }

  private recordChange(manager: EntityManager, before: Member | null, after: Member | null): Promise<void> {
    const { id, accountId } = (after ?? before)!;
    return this.audit.record(manager, {
      target: { type: 'member', id },
      accountId,
      before: before && toMemberView(before),
      after: after && toMemberView(after),
    });
  }

  /** @throws Problem last_admin when nobody who can sign in would be left as Admin. */
  private async keepAnAdmin(manager: EntityManager, member: Member): Promise<void> {
    if (member.roleName !== 'Admin' || member.userId === null) return;
    const others: unknown[] = await manager.query(
      `SELECT 1 FROM members m JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL
       WHERE m.account_id = $1 AND m.role_name = 'Admin' AND m.id <> $2 LIMIT 1`,
      [member.accountId, member.id],
    );
    if (others.length === 0)
      throw new Problem(
        'last_admin',
        'This is the last Admin of the account. Make another member Admin first.',
      );
  }
}

function rethrowAlreadyThere(error: unknown): never {
  if (
    violatesUnique(error, 'members_account_id_email_key') ||
    violatesUnique(error, 'members_account_id_user_id_key')
  )
    throw alreadyThere();
  throw error;
}

const alreadyThere = (): Problem =>
  new Problem('conflict', 'This e-mail is a member of the account or invited to it already.', {
    errors: [{ field: 'email', message: 'is a member or invited already' }],
  });
