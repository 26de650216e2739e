import { CACHE_MANAGER, type Cache } from '@nestjs/cache-manager';
import { Inject, Injectable } from '@nestjs/common';
import type { BoundedMap } from '../common/bounded-map.js';
import { ChangeFeed } from '../database/change-feed.js';
import { Metrics } from '../metrics/metrics.js';

/** What is known is there at once. */
export type MaybeLater<T> = T | Promise<T>;

/** How long a value is used without asking again; while changes cannot be heard, only the second. */
const TTL_MS = 60_000;
const DEAF_TTL_MS = 500;
const REMEMBERED_CHANGES = 10_000;

/** What Keyv keeps of a value in its store, and under which key. */
export interface Kept {
  value: unknown;
  /** Date.now() */
  expires?: number;
}
export type DirectoryStore = BoundedMap<string, Kept>;
export const DIRECTORY_STORE = Symbol('DIRECTORY_STORE');
const keyInStore = (key: string): string => `keyv:${key}`;

interface Entry<T> {
  value: T | null;
  /** Number of the last change heard before the value was read. */
  readAt: number;
}

/**
 * Remembers what was read of accounts, in process. A change of an account, made by whichever process, makes
 * everything remembered of it unusable; a change of any account does the same to "there is none".
 */
@Injectable()
export class DirectoryCache {
  private readonly loading = new Map<string, { readAt: number; value: Promise<unknown> }>();
  private readonly lastChanges = new Map<string, number>();
  private changes = 0;
  private allChangedAt = 0;
  private hits = 0;
  private misses = 0;

  constructor(
    @Inject(CACHE_MANAGER) private readonly cache: Cache,
    @Inject(DIRECTORY_STORE) private readonly store: DirectoryStore,
    private readonly feed: ChangeFeed,
    metrics: Metrics,
  ) {
    feed.onAccountChange((accountId) => this.changed(accountId));
    metrics.total('cache_hits_total', 'Accounts and destinations found in memory.', () => this.hits);
    metrics.total('cache_misses_total', 'Accounts and destinations that had to be read.', () => this.misses);
  }

  /** The value of `key`, at once when it is known, else read by `load`; concurrent callers share one read. */
  get<T extends { accountId: string }>(key: string, load: () => Promise<T | null>): MaybeLater<T | null> {
    const entry = this.peek<T>(key);
    if (entry && this.isCurrent(entry)) {
      this.hits++;
      return entry.value;
    }
    this.misses++;
    return this.share(key, load);
  }

  /** Straight from the store beneath: asking the cache makes six promises, and every event asks four times. */
  private peek<T>(key: string): Entry<T> | undefined {
    const kept = this.store.get(keyInStore(key));
    return kept && (kept.expires ?? Infinity) > Date.now() ? (kept.value as Entry<T>) : undefined;
  }

  private share<T extends { accountId: string }>(
    key: string,
    load: () => Promise<T | null>,
  ): Promise<T | null> {
    const pending = this.loading.get(key);
    // One that began before a change may have read what was before it.
    if (pending?.readAt === this.changes) return pending.value as Promise<T | null>;
    const value = this.read(key, load).finally(() => {
      if (this.loading.get(key)?.value === value) this.loading.delete(key);
    });
    this.loading.set(key, { readAt: this.changes, value });
    return value;
  }

  private async read<T extends { accountId: string }>(
    key: string,
    load: () => Promise<T | null>,
  ): Promise<T | null> {
    const readAt = this.changes;
    const value = await load();
    await this.cache.set(
      key,
      { value, readAt } satisfies Entry<T>,
      this.feed.connected ? TTL_MS : DEAF_TTL_MS,
    );
    return value;
  }

  private isCurrent({ value, readAt }: Entry<{ accountId: string }>): boolean {
    if (value === null) return readAt === this.changes;
    return readAt >= this.allChangedAt && readAt >= (this.lastChanges.get(value.accountId) ?? 0);
  }

  private changed(accountId: string | null): void {
    this.changes++;
    if (accountId === null || this.lastChanges.size >= REMEMBERED_CHANGES) {
      this.allChangedAt = this.changes;
      this.lastChanges.clear();
    } else this.lastChanges.set(accountId, this.changes);
  }
}
