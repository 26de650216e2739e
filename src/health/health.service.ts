import { InjectQueue } from '@nestjs/bullmq';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { DataSource } from 'typeorm';
import { DELIVERIES_QUEUE } from '../delivery/contract.js';

export interface Readiness {
  status: 'ok' | 'unavailable';
  checks: Record<string, string>;
}

const CHECK_TIMEOUT_MS = 1500;

/** Ready means that events can be accepted. A queue that is away only delays, so it is told but does not count. */
@Injectable()
export class HealthService implements BeforeApplicationShutdown {
  private shuttingDown = false;

  constructor(
    private readonly dataSource: DataSource,
    @InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue,
  ) {}

  beforeApplicationShutdown(): void {
    this.shuttingDown = true;
  }

  async readiness(): Promise<Readiness> {
    const [database, queue] = await Promise.all([
      check(() => this.dataSource.query('SELECT 1')),
      check(() => this.queue.getJobCounts('waiting')),
    ]);
    const checks = {
      database: database ?? 'ok',
      queue: queue ? `degraded, deliveries are up to a second late: ${queue}` : 'ok',
      ...(this.shuttingDown ? { process: 'shutting down' } : {}),
    };
    return { status: database || this.shuttingDown ? 'unavailable' : 'ok', checks };
  }
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
