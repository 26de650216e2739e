import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { AppConfig } from '../config/app-config.js';

const RECONNECT_MS = 500;
const CHANNEL = 'account_changed';

/**
 * Hears from PostgreSQL which account was changed by any process, on a connection of its own. While that
 * connection is down nothing is heard, so every reconnect reports a change of everything (`null`).
 */
@Injectable()
export class ChangeFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly listeners = new Set<(accountId: string | null) => void>();
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;
  private listening = false;

  constructor(
    private readonly config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Calls `listener` with the id of each account whose row, tokens or destinations changed; null means any. */
  onAccountChange(listener: (accountId: string | null) => void): void {
    this.listeners.add(listener);
  }

  /** False while changes made by other processes cannot be heard. */
  get connected(): boolean {
    return this.listening;
  }

  /** Reports a change made by this process without waiting to hear it back. */
  announce(accountId: string): void {
    this.report(accountId);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
    await this.client?.end().catch(() => undefined);
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      ...this.config.database,
      application_name: 'data-pusher changes',
      connectionTimeoutMillis: 2000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5000,
    });
    client.on('error', (error) => this.reconnect(client, error));
    client.on('end', () => this.reconnect(client));
    client.on('notification', ({ payload }) => this.report(payload ?? null));
    this.client = client;
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      this.listening = true;
      this.report(null);
    } catch (error) {
      this.reconnect(client, error);
    }
  }

  private report(accountId: string | null): void {
    for (const listener of this.listeners) listener(accountId);
  }

  private reconnect(client: pg.Client, error?: unknown): void {
    if (this.closed || this.client !== client) return;
    this.client = null;
    // What is remembered may be stale from here on.
    if (this.listening) this.report(null);
    this.listening = false;
    this.logger.warn({ err: error }, 'changes.disconnected');
    void client.end().catch(() => undefined);
    this.timer = setTimeout(() => void this.connect(), RECONNECT_MS);
  }
}
