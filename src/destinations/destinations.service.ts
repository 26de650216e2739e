import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { Audit } from '../audit/audit.service.js';
import { type AccountScope, accessIn, within } from '../auth/account-scope.js';
import type { AccountAccess, Caller } from '../auth/current-user.js';
import { newSigningSecret } from '../common/crypto/tokens.js';
import { forbidden, notFound } from '../common/errors/problem.js';
import { likePattern } from '../common/http/like-pattern.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { ChangeFeed } from '../database/change-feed.js';
import { addCreatedRange } from '../database/created-range.js';
import { DeliveryRows } from '../events/delivery-rows.js';
import { DestinationChecks } from './destination-checks.js';
import { changedMeanwhile, edited, stateOf, toColumns, wrongState } from './destination-changes.js';
import { type HeaderMap, carriesSecretsAway, maskHeaders } from './destination-headers.js';
import { DestinationSecrets } from './destination-secrets.js';
import { Destination, type DestinationState } from './destination.entity.js';
import {
  type CreateDestinationDto,
  type DestinationView,
  type ListDestinationsQuery,
  type RotatedSecretView,
  type SigningSecretView,
  type UpdateDestinationDto,
  toDestinationView,
} from './destinations.dto.js';

@Injectable()
export class DestinationsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly secrets: DestinationSecrets,
    private readonly deliveries: DeliveryRows,
    private readonly checks: DestinationChecks,
    private readonly changes: ChangeFeed,
    private readonly audit: Audit,
  ) {}

  async create(access: AccountAccess, body: CreateDestinationDto, caller: Caller): Promise<DestinationView> {
    const id = uuidv7();
    const headers = this.checks.check(body, {}) ?? {};
    return this.changing(access, async (manager) => {
      await this.checks.checkRoom(access.accountId, manager);
      await manager.insert(Destination, {
        id,
        accountId: access.accountId,
        ...toColumns(body),
        ...this.secrets.sealHeaders(id, headers),
        signingSecretSealed: this.secrets.sealSigningSecret(id, newSigningSecret()),
        createdBy: caller.id,
        updatedBy: caller.id,
      });
      const created = await this.load(access, id, manager);
      await this.recordChange(manager, created, null, toDestinationView(created, headers));
      return this.view(created, access);
    });
  }

  async list(scope: AccountScope, query: ListDestinationsQuery): Promise<Page<DestinationView>> {
    const select = this.dataSource
      .createQueryBuilder(Destination, 'd')
      .where('d.deleted_at IS NULL')
      .orderBy('d.id', 'DESC')
      .limit(query.limit + 1);
    const cursor = readCursor(query);
    if (cursor) select.andWhere('d.id < :cursor', { cursor });
    if (query.state) select.andWhere('d.state = :state', { state: query.state });
    if (query.http_method) select.andWhere('d.http_method = :method', { method: query.http_method });
    addCreatedRange(select, 'd', query);
    if (query.q) select.andWhere('(d.url ILIKE :q OR d.description ILIKE :q)', { q: likePattern(query.q) });
    const rows = await within(scope, select).getMany();
    return toPage(rows, query, (row) => this.view(row, accessIn(scope, row.accountId)));
  }

  async get(access: AccountAccess, id: string): Promise<DestinationView> {
    return this.view(await this.load(access, id), access);
  }

  /** @param versions that may be changed; null for any. */
  async update(
    access: AccountAccess,
    id: string,
    body: UpdateDestinationDto,
    versions: number[] | null,
    caller: Caller,
  ): Promise<DestinationView> {
    return this.changing(access, async (manager) => {
      // Locked, because a header value that is kept must not be one that another edit is replacing.
      const stored = await this.load(access, id, manager, true);
      const storedHeaders = this.openHeaders(stored);
      const headers = this.checks.check(body, storedHeaders);
      if (access.role !== 'Admin' && carriesSecretsAway(stored, body))
        throw forbidden('Only Admins of this account may send stored header values to another server.');
      const { affected } = await manager.update(
        Destination,
        { ...this.rowOf(access, id), ...(versions === null ? {} : { version: In(versions) }) },
        { ...toColumns(body), ...(headers ? this.secrets.sealHeaders(id, headers) : {}), ...edited(caller) },
      );
      if (affected === 0) throw changedMeanwhile(stored);
      const changed = await this.load(access, id, manager);
      const after = toDestinationView(changed, headers ?? storedHeaders);
      await this.recordChange(manager, changed, toDestinationView(stored, storedHeaders), after);
      return this.view(changed, access);
    });
  }

  async remove(access: AccountAccess, id: string, caller: Caller): Promise<void> {
    await this.changing(access, async (manager) => {
      const stored = await this.load(access, id, manager, true);
      const gone = { deletedAt: () => 'now()', ...edited(caller) };
      await manager.update(Destination, this.rowOf(access, id), gone);
      await this.deliveries.settleDestination(id, manager);
      const before = toDestinationView(stored, maskHeaders(stored.headerNames));
      await this.recordChange(manager, stored, before, null);
    });
  }

  /** Stops sending; events go on being accepted and wait. */
  pause(access: AccountAccess, id: string, caller: Caller): Promise<DestinationView> {
    return this.moveTo('paused', 'active', access, id, caller);
  }

  resume(access: AccountAccess, id: string, caller: Caller): Promise<DestinationView> {
    return this.moveTo('active', 'paused', access, id, caller);
  }

  /** Sends again to a destination that was disabled because of its answers. */
  enable(access: AccountAccess, id: string, caller: Caller): Promise<DestinationView> {
    return this.moveTo('active', 'disabled', access, id, caller);
  }

  async getSecret(access: AccountAccess, id: string): Promise<SigningSecretView> {
    const { signingSecretSealed } = await this.load(access, id);
    return { signing_secret: this.secrets.openSigningSecret(id, signingSecretSealed) };
  }

  /** Signs with a new secret; the one before signs too for `graceSeconds` more, older ones end at once. */
  async rotateSecret(
    access: AccountAccess,
    id: string,
    graceSeconds: number,
    caller: Caller,
  ): Promise<RotatedSecretView> {
    const secret = newSigningSecret();
    const sealed = this.secrets.sealSigningSecret(id, secret);
    return this.changing(access, async (manager) => {
      const [rows]: [{ expires_at: Date | null }[]] = await manager.query(
        `UPDATE destinations SET signing_secret_sealed = $3,
           previous_secret_sealed = CASE WHEN $4 > 0 THEN signing_secret_sealed END,
           previous_secret_expires_at = CASE WHEN $4 > 0 THEN now() + make_interval(secs => $4) END,
           version = version + 1, updated_by = $5, updated_at = now()
         WHERE id = $1 AND account_id = $2 AND deleted_at IS NULL
         RETURNING previous_secret_expires_at AS expires_at`,
        [id, access.accountId, sealed, graceSeconds, caller.id],
      );
      if (!rows[0]) throw notFound('destination');
      const after = { signing_secret: secret, grace_seconds: graceSeconds };
      const target = { id, accountId: access.accountId };
      await this.recordChange(manager, target, { signing_secret: 'the one before' }, after);
      return { signing_secret: secret, previous_expires_at: rows[0].expires_at?.toISOString() ?? null };
    });
  }

  private async moveTo(
    state: DestinationState,
    from: DestinationState,
    access: AccountAccess,
    id: string,
    caller: Caller,
  ): Promise<DestinationView> {
    return this.changing(access, async (manager) => {
      const stored = await this.load(access, id, manager, true);
      if (stored.state === state) return this.view(stored, access);
      if (stored.state !== from) throw wrongState(stored.state);
      const moved = { state, disabledReason: null, ...edited(caller) };
      await manager.update(Destination, this.rowOf(access, id), moved);
      await this.deliveries.settleDestination(id, manager);
      const destination = await this.load(access, id, manager);
      await this.recordChange(manager, stored, stateOf(stored), stateOf(destination));
      return this.view(destination, access);
    });
  }

  /** A transaction whose effect the very next request and attempt of this process see. */
  private async changing<T>(
    { accountId }: AccountAccess,
    change: (manager: EntityManager) => Promise<T>,
  ): Promise<T> {
    const result = await this.dataSource.transaction(change);
    this.changes.announce(accountId);
    return result;
  }

  private recordChange(
    manager: EntityManager,
    { id, accountId }: Pick<Destination, 'id' | 'accountId'>,
    before: object | null,
    after: object | null,
  ): Promise<void> {
    return this.audit.record(manager, { target: { type: 'destination', id }, accountId, before, after });
  }

  private rowOf({ accountId }: AccountAccess, id: string) {
    return { id, accountId, deletedAt: IsNull() };
  }

  private async load(
    access: AccountAccess,
    id: string,
    manager: EntityManager = this.dataSource.manager,
    locked = false,
  ): Promise<Destination> {
    const destination = await manager.findOne(Destination, {
      where: this.rowOf(access, id),
      ...(locked ? { lock: { mode: 'pessimistic_write' as const } } : {}),
    });
    if (!destination) throw notFound('destination');
    return destination;
  }

  private view(destination: Destination, { role }: AccountAccess): DestinationView {
    const headers = role === 'Admin' ? this.openHeaders(destination) : maskHeaders(destination.headerNames);
    return toDestinationView(destination, headers);
  }

  private openHeaders({ id, headersSealed }: Destination): HeaderMap {
    return this.secrets.openHeaders(id, headersSealed);
  }
}
