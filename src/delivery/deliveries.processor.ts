import { OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { Batch } from './batch.js';
import { Claims } from './claims.js';
import { DELIVERIES_QUEUE, type DeliveryJob, type DeliveryJobResult } from './contract.js';
import { DeliveryEngine } from './delivery-engine.js';
import { NotDelivered, report } from './job-report.js';
import { Sweeper } from './sweeper.js';

/** Jobs open at once. They mostly wait, and none waits longer than JOB_WAIT_MS for its attempts. */
const CONCURRENCY = 200;
const JOB_WAIT_MS = 1000;
/** A new job wakes a worker that waits; asking in between would only cost an idle database. */
const IDLE_WAIT_SECONDS = 30;
/** Retries often hang again; they must not take the places of first attempts. */
const RETRY_WAIT_MS = 200;

/**
 * The fan-out: claims what a job names and hands it to the engine. A job shows on the board what came of it
 * and fails when an attempt did, with the reason; to retry it there is to try again at once.
 * The module starts it, once the leases of a process that died were ended.
 */
@Processor(DELIVERIES_QUEUE, { concurrency: CONCURRENCY, autorun: false, drainDelay: IDLE_WAIT_SECONDS })
export class DeliveriesProcessor extends WorkerHost {
  private isFailing = false;

  constructor(
    private readonly claims: Claims,
    private readonly engine: DeliveryEngine,
    private readonly sweeper: Sweeper,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  /**
   * The queue may be away: nobody names what is due then, and the sweeper takes it however new it is. One line when it
   * begins, not one per attempt to reconnect.
   */
  @OnWorkerEvent('error')
  onError(error: Error): void {
    this.leaveToSweeper();
    if (!this.isFailing) this.logger.warn({ err: error }, 'queue.worker_disconnected');
    this.isFailing = true;
  }

  @OnWorkerEvent('active')
  onActive(): void {
    this.isFailing = false;
  }

  async process(job: Job<DeliveryJob>): Promise<DeliveryJobResult> {
    const isRetriedByHand = job.attemptsStarted > 1;
    const { result, failure } =
      job.data.report && !isRetriedByHand ? job.data.report : await this.attempt(job.data, isRetriedByHand);
    if (failure) throw new NotDelivered(failure);
    return result;
  }

  private async attempt({ delivery_ids: ids, unnamed, attempts }: DeliveryJob, isRetriedByHand: boolean) {
    const batch = new Batch(0);
    if (unnamed) this.leaveToSweeper();
    // By hand means: whatever was tried since the job was made, try again.
    await this.startAll(ids, isRetriedByHand ? null : attempts, batch);
    await batch.settledWithin(attempts > 0 ? RETRY_WAIT_MS : JOB_WAIT_MS);
    return report(batch, ids.length);
  }

  /** Some are due that no job names. */
  private leaveToSweeper(): void {
    this.claims.leave();
    this.sweeper.wake();
  }

  /** As much at a time as the engine has room for. */
  private async startAll(ids: string[], expected: number | null, batch: Batch): Promise<void> {
    const notTaken = (rest: string[]) => (expected === 0 ? this.claims.notTaken(rest) : rest);
    for (let rest = notTaken(ids); rest.length > 0;) {
      const reserved = await this.engine.reserve(rest.length);
      if (reserved === 0) return;
      // Waiting for room may have taken a while.
      rest = notTaken(rest);
      const part = rest.slice(0, reserved);
      rest = rest.slice(reserved);
      await this.engine.claim(reserved, (limits) => this.claims.byId(part, limits, expected), { batch });
    }
  }
}
