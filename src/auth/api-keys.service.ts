import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type EntityManager, Repository } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { Audit } from '../audit/audit.service.js';
import { newToken, sha256 } from '../common/crypto/tokens.js';
import { Problem, invalid, notFound } from '../common/errors/problem.js';
import { type Page, type PageQuery, readCursor, toPage } from '../common/http/page.js';
import { violatesUnique } from '../database/pg-errors.js';
import type { Role } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { ApiKey } from './api-key.entity.js';
import {
  type ApiKeyView,
  type CreateApiKeyDto,
  type CreatedApiKeyView,
  toApiKeyView,
} from './api-keys.dto.js';
import type { Caller } from './current-user.js';
import { PasswordCheck } from './password-check.js';

/** What every key begins with, so that people and secret scanners know one when they see it. */
const MARK = 'dp_';
const SHOWN_CHARACTERS = MARK.length + 6;

interface FoundKey {
  key_id: string;
  id: string;
  email: string;
  role: Role;
  is_use_old: boolean;
}

/** The keys of users: made, listed and revoked by their owners, and found for every request that brings one. */
@Injectable()
export class ApiKeysService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly users: UsersService,
    private readonly passwordCheck: PasswordCheck,
    private readonly audit: Audit,
  ) {}

  /** Asks for the password, so that a stolen access token does not become access for good. */
  async create(body: CreateApiKeyDto, caller: Caller, address: string): Promise<CreatedApiKeyView> {
    const expiresAt = body.expires_at === undefined ? null : new Date(body.expires_at);
    if (expiresAt && expiresAt.getTime() <= Date.now()) throw invalid('expires_at', 'must lie ahead');
    await this.passwordCheck.check(await this.users.getById(caller.id), body.currentPassword, address);
    const id = uuidv7();
    const key = MARK + newToken();
    const row = { id, userId: caller.id, name: body.name, prefix: key.slice(0, SHOWN_CHARACTERS), expiresAt };
    return this.dataSource.transaction(async (manager) => {
      await manager.insert(ApiKey, { ...row, keySha256: sha256(key) }).catch(rethrowTaken);
      const made = await manager.findOneByOrFail(ApiKey, { id });
      await this.recordChange(manager, null, made);
      return Object.assign(toApiKeyView(made), { key });
    });
  }

  async list(query: PageQuery, caller: Caller): Promise<Page<ApiKeyView>> {
    const select = this.keys
      .createQueryBuilder('k')
      .where('k.user_id = :userId', { userId: caller.id })
      .orderBy('k.id', 'DESC')
      .limit(query.limit + 1);
    const cursor = readCursor(query);
    if (cursor) select.andWhere('k.id < :cursor', { cursor });
    return toPage(await select.getMany(), query, toApiKeyView);
  }

  async get(id: string, caller: Caller): Promise<ApiKeyView> {
    const row = await this.keys.findOneBy({ id, userId: caller.id });
    if (!row) throw notFound('API key');
    return toApiKeyView(row);
  }

  async revoke(id: string, caller: Caller): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const row = await manager.findOneBy(ApiKey, { id, userId: caller.id });
      const { affected } = await manager.delete(ApiKey, { id, userId: caller.id });
      if (!row || affected === 0) throw notFound('API key');
      await this.recordChange(manager, row, null);
    });
  }

  /** Whose key this is, as the database has that user now; null for one that is unknown, revoked or expired. */
  async findCaller(key: string): Promise<Caller | null> {
    const [found]: FoundKey[] = await this.dataSource.query(
      `SELECT k.id AS key_id, u.id, u.email, u.role,
              coalesce(k.last_used_at < now() - interval '1 minute', true) AS is_use_old
       FROM api_keys k JOIN users u ON u.id = k.user_id AND u.disabled_at IS NULL
       WHERE k.key_sha256 = $1 AND (k.expires_at IS NULL OR k.expires_at > now())`,
      [sha256(key)],
    );
    if (!found) return null;
    if (found.is_use_old) await this.noteUse(found.key_id);
    return { id: found.id, email: found.email, role: found.role, apiKeyId: found.key_id };
  }

  private recordChange(manager: EntityManager, before: ApiKey | null, after: ApiKey | null): Promise<void> {
    return this.audit.record(manager, {
      target: { type: 'api_key', id: (after ?? before)!.id },
      before: before && toApiKeyView(before),
      after: after && toApiKeyView(after),
    });
  }

  /** Once a minute whatever the traffic, also where many requests and processes find it old at once. */
  private async noteUse(id: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE api_keys SET last_used_at = now()
       WHERE id = $1 AND coalesce(last_used_at < now() - interval '1 minute', true)`,
      [id],
    );
  }
}

export function isApiKey(bearer: string): boolean {
  return bearer.startsWith(MARK);
}

function rethrowTaken(error: unknown): never {
  if (violatesUnique(error, 'api_keys_user_id_name_key'))
    throw new Problem('conflict', 'You have a key of this name already.', {
      errors: [{ field: 'name', message: 'is that of another key of yours' }],
    });
  throw error;
}
