import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { Pace } from '../common/pace.js';
import { Batch } from './batch.js';
import { Claims } from './claims.js';
import {
  DELIVERIES_QUEUE,
  type DeliveryJob,
  type DirectDelivery,
  type DirectLease,
  jobName,
} from './contract.js';
import { DeliveryEngine } from './delivery-engine.js';
import { report } from './job-report.js';

const TELL_AFTER_MS = 1000;
/** Of what goes on under load the board gets a sample; what failed does not compete with what went well. */
const TOLD_PER_SECOND = 4;
const FAILURES_TOLD_PER_SECOND = 5;
/** While little else fails, whoever tries a destination sees each of its failures. */
const FAILURES_TOLD_AT_ONCE = 20;
const MAX_UNANSWERED = 50;

/** First attempts of what this very process has committed: no job, no claim and no look at the database before them. */
@Injectable()
export class DirectDeliveries implements DirectDelivery {
  private unanswered = 0;
  private readonly pace = new Pace(TOLD_PER_SECOND);
  private readonly failurePace = new Pace(FAILURES_TOLD_PER_SECOND, FAILURES_TOLD_AT_ONCE);

  constructor(
    @InjectQueue(DELIVERIES_QUEUE) private readonly queue: Queue<DeliveryJob>,
    private readonly engine: DeliveryEngine,
    private readonly claims: Claims,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  reserve(deliveries: readonly { id: string; destinationId: string }[]): DirectLease {
    const lease = this.claims.newLease();
    const taken = this.engine.reserveNow(deliveries);
    return {
      ...lease,
      taken,
      start: (committed, job) => {
        const batch = new Batch(committed.length);
        this.engine.start(taken.size, committed, batch);
        if (committed.length > 0) void this.tell(batch, job);
      },
      abandon: () => {
        this.engine.start(taken.size, []);
        if (taken.size > 0) void this.release(lease.token, [...taken]);
      },
    };
  }

  /** What was committed of a batch nobody knows of is then found by the next sweep instead of after its lease. */
  private async release(leaseToken: string, ids: string[]): Promise<void> {
    await this.claims
      .release(leaseToken, ids)
      .catch((error) => this.logger.warn({ err: error }, 'delivery.lease_not_released'));
  }

  /** Shows on the board what came of it: a job that was done before it was made. Best effort and bounded. */
  private async tell(batch: Batch, job: DeliveryJob): Promise<void> {
    await batch.settledWithin(TELL_AFTER_MS);
    const told = report(batch, batch.started);
    const pace = told.failure ? this.failurePace : this.pace;
    if (this.unanswered >= MAX_UNANSWERED || pace.pass() === null) return;
    this.unanswered++;
    await this.queue.add(jobName(job), { ...job, report: told }).catch(() => undefined);
    this.unanswered--;
  }
}
