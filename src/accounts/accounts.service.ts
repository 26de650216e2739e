import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Brackets, DataSource, type EntityManager, IsNull, Repository } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { Audit } from '../audit/audit.service.js';
import type { AccountAccess, Caller } from '../auth/current-user.js';
import { Problem, forbidden, notFound } from '../common/errors/problem.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { likePattern } from '../common/http/like-pattern.js';
import { ChangeFeed } from '../database/change-feed.js';
import { addCreatedRange } from '../database/created-range.js';
import { violatesUnique } from '../database/pg-errors.js';
import { DeliveryRows } from '../events/delivery-rows.js';
import { AccountTokens } from './account-tokens.js';
import { Account } from './account.entity.js';
import {
  type AccountView,
  type CreateAccountDto,
  type ListAccountsQuery,
  type UpdateAccountDto,
  toAccountView,
} from './accounts.dto.js';

@Injectable()
export class AccountsService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Account) private readonly accounts: Repository<Account>,
    private readonly tokens: AccountTokens,
    private readonly deliveries: DeliveryRows,
    private readonly changes: ChangeFeed,
    private readonly audit: Audit,
  ) {}

  /** Creates an account; the creator becomes its first Admin. */
  async create(body: CreateAccountDto, caller: Caller): Promise<AccountView> {
    const id = uuidv7();
    return this.dataSource
      .transaction(async (manager) => {
        await manager.insert(Account, {
          id,
          accountName: body.account_name,
          website: body.website ?? null,
          email: body.email ?? null,
          createdBy: caller.id,
          updatedBy: caller.id,
        });
        await manager.query(
          `INSERT INTO members (id, account_id, user_id, email, role_name, created_by, updated_by)
           VALUES ($1, $2, $3, $4, 'Admin', $3, $3)`,
          [uuidv7(), id, caller.id, caller.email],
        );
        const view = toAccountView(await this.load(id, manager), await this.tokens.create(id, manager));
        await this.recordChange(manager, id, null, view);
        return view;
      })
      .catch(rethrowEmailTaken);
  }

  async list(query: ListAccountsQuery, caller: Caller): Promise<Page<AccountView>> {
    const rows = await this.listRows(query, caller);
    const page = toPage(rows, query, (row) => row);
    const readable = page.data.filter((row) => row.role === 'Admin').map((row) => row.id);
    const tokens = await this.tokens.reveal(readable);
    return { ...page, data: page.data.map((row) => toAccountView(row, tokens.get(row.id) ?? null)) };
  }

  async get(access: AccountAccess): Promise<AccountView> {
    const account = await this.load(access.accountId);
    if (access.role !== 'Admin') return toAccountView(account, null);
    return toAccountView(account, (await this.tokens.reveal([account.id])).get(account.id) ?? null);
  }

  async update(access: AccountAccess, body: UpdateAccountDto, caller: Caller): Promise<AccountView> {
    const limits = body.rate_limit_per_second !== undefined || body.require_event_id !== undefined;
    if (limits && caller.role !== 'Admin')
      throw forbidden('Only Admins may change rate_limit_per_second and require_event_id.');
    await this.dataSource
      .transaction(async (manager) => {
        const before = await this.load(access.accountId, manager, true);
        await manager.update(
          Account,
          { id: access.accountId },
          { ...toColumns(body), updatedBy: caller.id, updatedAt: () => 'now()' },
        );
        const after = await this.load(access.accountId, manager);
        await this.recordChange(manager, after.id, toAccountView(before, null), toAccountView(after, null));
      })
      .catch(rethrowEmailTaken);
    this.changes.announce(access.accountId);
    return this.get(access);
  }

  /** Ingest is refused from here on and what was still to deliver is cancelled, a large backlog some seconds later. */
  async remove({ accountId }: AccountAccess, caller: Caller): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const account = await this.load(accountId, manager, true);
      await manager.update(
        Account,
        { id: accountId },
        { deletedAt: () => 'now()', updatedBy: caller.id, updatedAt: () => 'now()' },
      );
      await manager.query('DELETE FROM account_tokens WHERE account_id = $1', [accountId]);
      await this.deliveries.settleAccount(accountId, manager);
      await this.recordChange(manager, accountId, toAccountView(account, null), null);
    });
    this.changes.announce(accountId);
  }

  async rotateToken(access: AccountAccess, graceSeconds: number, caller: Caller): Promise<AccountView> {
    const view = await this.dataSource.transaction(async (manager) => {
      const { affected } = await manager.update(
        Account,
        { id: access.accountId, deletedAt: IsNull() },
        { updatedBy: caller.id, updatedAt: () => 'now()' },
      );
      if (affected === 0) throw notFound('account');
      const token = await this.tokens.rotate(access.accountId, graceSeconds, manager);
      const account = await this.load(access.accountId, manager);
      // Neither token is told, only that one took the place of the other.
      const after = { app_secret_token: token, grace_seconds: graceSeconds };
      await this.recordChange(manager, account.id, { app_secret_token: 'the one before' }, after);
      return toAccountView(account, token);
    });
    this.changes.announce(access.accountId);
    return view;
  }

  private recordChange(
    manager: EntityManager,
    id: string,
    before: object | null,
    after: object | null,
  ): Promise<void> {
    return this.audit.record(manager, { target: { type: 'account', id }, accountId: id, before, after });
  }

  private async load(
    id: string,
    manager: EntityManager = this.dataSource.manager,
    locked = false,
  ): Promise<Account> {
    const account = await manager.findOne(Account, {
      where: { id, deletedAt: IsNull() },
      ...(locked ? { lock: { mode: 'pessimistic_write' as const } } : {}),
    });
    if (!account) throw notFound('account');
    return account;
  }

  /** Accounts with what the caller is in each, newest first, one more than the page. */
  private async listRows(
    query: ListAccountsQuery,
    caller: Caller,
  ): Promise<(Account & { role: string | null })[]> {
    const select = this.accounts
      .createQueryBuilder('a')
      .leftJoin('members', 'm', 'm.account_id = a.id AND m.user_id = :caller', { caller: caller.id })
      .addSelect('m.role_name', 'role')
      .where('a.deleted_at IS NULL')
      .orderBy('a.id', 'DESC')
      .limit(query.limit + 1);
    if (caller.role !== 'Admin') select.andWhere('m.user_id IS NOT NULL');
    const cursor = readCursor(query);
    if (cursor) select.andWhere('a.id < :cursor', { cursor });
    addCreatedRange(select, 'a', query);
    if (query.q)
      select.andWhere(
        new Brackets((or) =>
          or.where('a.account_name ILIKE :q').orWhere('a.email ILIKE :q').orWhere('a.website ILIKE :q'),
        ),
        { q: likePattern(query.q) },
      );
    const { entities, raw } = await select.getRawAndEntities<{ role: string | null }>();
    return entities.map((account, index) =>
      Object.assign(account, { role: caller.role === 'Admin' ? 'Admin' : raw[index]!.role }),
    );
  }
}

function toColumns(body: UpdateAccountDto) {
  return {
    accountName: body.account_name,
    website: body.website,
    email: body.email,
    rateLimitPerSecond: body.rate_limit_per_second,
    requireEventId: body.require_event_id,
  };
}

function rethrowEmailTaken(error: unknown): never {
  if (violatesUnique(error, 'accounts_email_key'))
    throw new Problem('conflict', 'Another account has this e-mail already.', {
      errors: [{ field: 'email', message: 'is taken' }],
    });
  throw error;
}
