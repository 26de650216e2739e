import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { Audit } from '../audit/audit.service.js';
import type { AccountAccess, Caller } from '../auth/current-user.js';
import { Problem, invalid, notFound, unavailable } from '../common/errors/problem.js';
import { type Page, readCursor, toPage } from '../common/http/page.js';
import { Turns } from '../common/turns.js';
import { isTimeout } from '../database/pg-errors.js';
import { storeRecovery } from './match-statement.js';
import type {
  ListRecoveriesQuery,
  RecoveryDetailView,
  RecoveryFilterDto,
  RecoveryView,
} from './recoveries.dto.js';
import type { RecoveryState } from './recovery.entity.js';
import {
  changeState,
  findRecovery,
  listDestinations,
  listRecoveries,
  toRecoveryDetailView,
  toRecoveryView,
} from './recovery-rows.js';

/** Counting is heavy: of the connections for management, most are left to the rest of it. */
const LIMITS = { atOnce: 2, waiting: 20 };

/** Makes, starts and stops recoveries; whoever delivers runs them. */
@Injectable()
export class RecoveriesService {
  private readonly turns = new Turns(LIMITS, () =>
    unavailable('Many recoveries are being counted at this moment. Try again in a second.', 1),
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: Audit,
  ) {}

  /** Counts what matches now and keeps that as what the recovery is about; nothing is sent yet. */
  async create(
    { accountId }: AccountAccess,
    body: RecoveryFilterDto,
    caller: Caller,
  ): Promise<RecoveryDetailView> {
    const filter = readFilter(body);
    const destinationIds = await this.findDestinations(accountId, filter.destinationIds);
    const recovery = { id: uuidv7(), accountId, ...filter, createdBy: caller.id, updatedBy: caller.id };
    const record = (manager: EntityManager) =>
      this.recordChange(manager, recovery, null, { state: 'preview', filter: body });
    await this.turns
      .take(() => storeRecovery(this.dataSource, recovery, destinationIds, record))
      .catch(tellTimeout);
    return this.get(accountId, recovery.id);
  }

  async list(accountId: string, query: ListRecoveriesQuery): Promise<Page<RecoveryView>> {
    const range = { cursor: readCursor(query), state: query.state, limit: query.limit + 1 };
    return toPage(await listRecoveries(this.dataSource.manager, accountId, range), query, toRecoveryView);
  }

  /** Of one moment: its sums are those of its destinations. */
  get(accountId: string, id: string): Promise<RecoveryDetailView> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const row = await findRecovery(manager, accountId, id);
      if (!row) throw notFound('recovery');
      return toRecoveryDetailView(row, await listDestinations(manager, id));
    });
  }

  start(access: AccountAccess, id: string, caller: Caller): Promise<RecoveryDetailView> {
    return this.moveTo('running', ['preview', 'paused'], access, id, caller);
  }

  pause(access: AccountAccess, id: string, caller: Caller): Promise<RecoveryDetailView> {
    return this.moveTo('paused', ['running'], access, id, caller);
  }

  resume(access: AccountAccess, id: string, caller: Caller): Promise<RecoveryDetailView> {
    return this.moveTo('running', ['paused'], access, id, caller);
  }

  /** What it has made already goes on. */
  cancel(access: AccountAccess, id: string, caller: Caller): Promise<RecoveryDetailView> {
    return this.moveTo('cancelled', ['preview', 'running', 'paused'], access, id, caller);
  }

  /** Waits for the page that is being made, so that none is made after a pause or a cancel was answered. */
  private async moveTo(
    state: RecoveryState,
    from: RecoveryState[],
    { accountId }: AccountAccess,
    id: string,
    caller: Caller,
  ): Promise<RecoveryDetailView> {
    const was = await this.dataSource.transaction(async (manager) => {
      const before = await changeState(manager, { id, accountId, state, from, userId: caller.id });
      if (before) await this.recordChange(manager, { id, accountId }, { state: before }, { state });
      return before;
    });
    const recovery = await this.get(accountId, id);
    if (!was && recovery.state !== state) throw wrongState(recovery.state);
    return recovery;
  }

  private recordChange(
    manager: EntityManager,
    { id, accountId }: { id: string; accountId: string },
    before: object | null,
    after: object,
  ): Promise<void> {
    return this.audit.record(manager, { target: { type: 'recovery', id }, accountId, before, after });
  }

  /** @param wanted null finds every destination of the account. */
  private async findDestinations(accountId: string, wanted: string[] | null): Promise<string[]> {
    const rows: { id: string }[] = await this.dataSource.query(
      `SELECT id FROM destinations
       WHERE account_id = $1 AND deleted_at IS NULL AND ($2::uuid[] IS NULL OR id = ANY($2))`,
      [accountId, wanted],
    );
    const found = rows.map(({ id }) => id);
    const unknown = wanted?.filter((id) => !found.includes(id)) ?? [];
    if (unknown.length > 0)
      throw invalid('filter.destination_ids', `names no destination of this account: ${unknown.join(', ')}`);
    return found;
  }
}

function readFilter(body: RecoveryFilterDto, nowMs = Date.now()) {
  const fromMs = Date.parse(body.from);
  // What is received later cannot have ended yet.
  const toMs = Math.min(body.to === undefined ? nowMs : Date.parse(body.to), nowMs);
  if (fromMs >= toMs) throw invalid('filter.from', 'must be before to, and before now');
  if (body.destination_ids?.length === 0)
    throw invalid('filter.destination_ids', 'must name a destination; leave it out for all');
  const ids = body.destination_ids?.map((id) => id.toLowerCase());
  return {
    status: body.status ?? ('failed' as const),
    destinationIds: ids ? [...new Set(ids)] : null,
    eventType: body.event_type ?? null,
    fromAt: new Date(fromMs),
    toAt: new Date(toMs),
  };
}

function wrongState(state: RecoveryState): Problem {
  const next: Record<RecoveryState, string> = {
    preview: 'The recovery has not been started yet.',
    running: 'The recovery is running.',
    paused: 'The recovery is paused; resume it.',
    cancelled: 'The recovery was cancelled; create another one.',
    completed: 'The recovery is completed; create another one.',
  };
  return new Problem('conflict', next[state]);
}

/** More than can be counted is the question's doing: say what makes it smaller. */
function tellTimeout(error: unknown): never {
  if (!isTimeout(error)) throw error;
  throw new Problem('unavailable', 'Counting took too long. Make one for each part of the time.', {
    errors: [{ field: 'filter.from', message: 'asks for more than can be counted in time' }],
    headers: { 'retry-after': '1' },
    cause: error,
  });
}
