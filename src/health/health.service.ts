import { InjectQueue } from '@nestjs/bullmq';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { DataSource } from 'typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppConfig } from '../config/app-config.js';
import { DELIVERIES_QUEUE } from '../delivery/contract.js';
import { OverdueDeliveries } from '../events/overdue-deliveries.js';

export interface Readiness {
  status: 'ok' | 'unavailable';
  checks: Record<string, string>;
  /** Null when it could not be read. */
  oldest_overdue_seconds: number | null;
}

const CHECK_TIMEOUT_MS = 1500;
/** Whatever is due is taken within two seconds while somebody delivers. */
export const DEGRADED_AFTER_SECONDS = 60;

/** Ready means that events can be accepted. What only delays their delivery is told but does not count. */
@Injectable()
export class HealthService implements BeforeApplicationShutdown {
  private shuttingDown = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: AppConfig,
    private readonly overdue: OverdueDeliveries,
    @InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue,
  ) {}

  /** Requests are still taken while a proxy finds out that they should go elsewhere. */
  async beforeApplicationShutdown(): Promise<void> {
    this.shuttingDown = true;
    await sleep(this.config.env.SHUTDOWN_DELAY_MS);
  }

  async readiness(): Promise<Readiness> {
    let overdueSeconds: number | null = null;
    const [database, queue, deliveries] = await Promise.all([
      check(() => this.dataSource.query('SELECT 1')),
      check(() => this.queue.getJobCounts('waiting')),
      check(async () => (overdueSeconds = await this.overdue.oldestSeconds())),
    ]);
    const checks = {
      database: database ?? 'ok',
      queue: queue ? `degraded, deliveries are up to two seconds late: ${queue}` : 'ok',
      deliveries: deliveries ?? describeOverdue(overdueSeconds ?? 0),
      ...(this.shuttingDown ? { process: 'shutting down' } : {}),
    };
    return {
      status: database || this.shuttingDown ? 'unavailable' : 'ok',
      checks,
      oldest_overdue_seconds: overdueSeconds,
    };
  }
}

function describeOverdue(seconds: number): string {
  if (seconds <= DEGRADED_AFTER_SECONDS) return 'ok';
  return `degraded, the oldest due delivery has waited ${Math.round(seconds)} s: no worker runs, or more is due than they can send`;
}

/** Null when the check passes in time, else what is wrong in words that name no host and no secret. */
async function check(probe: () => Promise<unknown>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS);
  });
  const answer = probe().then(
    () => null,
    (error: { code?: string }) => `cannot be reached${error.code ? ` (${error.code})` : ''}`,
  );
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
