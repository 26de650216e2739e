import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { Claims } from './claims.js';
import { DELIVERIES_QUEUE, type DeliveryJob, type DeliveryJobResult } from './contract.js';
import { DeliveryEngine } from './delivery-engine.js';
import { NotDelivered, summarise } from './job-report.js';
import type { Settled } from './settled.js';

/** Jobs open at once. They mostly wait, and none waits longer than JOB_WAIT_MS for its attempts. */
const CONCURRENCY = 200;
const JOB_WAIT_MS = 1000;
/** Retries often hang again; they must not take the places of first attempts. */
const RETRY_WAIT_MS = 200;

/**
 * The fan-out: claims what a job names and hands it to the engine. A job shows on the board what came of it
 * and fails when an attempt did, with the reason; to retry it there is to try again at once.
 * The module starts it, once the leases of a process that died were ended.
 */
@Processor(DELIVERIES_QUEUE, { concurrency: CONCURRENCY, autorun: false })
export class DeliveriesProcessor extends WorkerHost {
  private isFailing = false;

  constructor(
    private readonly claims: Claims,
    private readonly engine: DeliveryEngine,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /** The queue may be away; the sweeper goes on. One line when it begins, not one per attempt to reconnect. */
  @OnWorkerEvent('error')
  onError(error: Error): void {
    if (!this.isFailing) this.logger.warn({ err: error }, 'queue.worker_disconnected');
    this.isFailing = true;
  }

  @OnWorkerEvent('active')
  onActive(): void {
    this.isFailing = false;
  }

  async process(job: Job<DeliveryJob>): Promise<DeliveryJobResult> {
    const { delivery_ids: ids, attempts } = job.data;
    // Retried by hand on the board: whatever was tried since then, try again.
    const expected = job.attemptsStarted > 1 ? null : attempts;
    const started = await this.startAll(ids, expected);
    const settled = await settledWithin(attempts > 0 ? RETRY_WAIT_MS : JOB_WAIT_MS, started);
    const result = summarise(settled, ids.length, started.length);
    const failures = settled.filter(({ next }) => next === 'retry' || next === 'failed');
    if (failures.length > 0) throw new NotDelivered(failures, result);
    return result;
  }

  /** As much at a time as the engine has room for. */
  private async startAll(ids: string[], expected: number | null): Promise<Promise<Settled>[]> {
    const started: Promise<Settled>[] = [];
    for (let from = 0; from < ids.length;) {
      const reserved = await this.engine.reserve(ids.length - from);
      if (reserved === 0) break;
      const part = ids.slice(from, from + reserved);
      started.push(...(await this.engine.start(reserved, (busy) => this.claims.byId(part, busy, expected))));
      from += reserved;
    }
    return started;
  }
}

/** What settles within `ms`; the others go on without the job. */
async function settledWithin(ms: number, started: Promise<Settled>[]): Promise<Settled[]> {
  const settled: Settled[] = [];
  const all = Promise.allSettled(started.map((one) => one.then((result) => settled.push(result))));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([all, late]);
  clearTimeout(timer);
  return [...settled];
}
