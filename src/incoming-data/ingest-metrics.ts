import { Inject, Injectable } from '@nestjs/common';
import { getStorageToken } from '@nestjs/throttler';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DURATIONS, Metrics } from '../metrics/metrics.js';
import { isIngest } from './ingest-body.js';
import { AccountThrottlerStorage } from './throttle/account-throttler.storage.js';

const REFUSALS: Record<number, string> = {
  400: 'invalid',
  401: 'unauthenticated',
  409: 'event_id_reused',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'rate_limited',
  503: 'unavailable',
};

/** Set where a request brought many events. */
export interface WithBatch {
  batchStatuses?: number[];
}

/** Counts what producers are answered, and how fast: the answer tells everything, so the way to it is left alone. */
@Injectable()
export class IngestMetrics {
  private readonly accepted = this.metrics.counter(
    'events_accepted_total',
    'Events stored and answered 202.',
  );
  private readonly duplicates = this.metrics.counter(
    'events_duplicate_total',
    'Events that were stored before and are answered with the first receipt.',
  );
  private readonly refused = this.metrics.counter('events_refused_total', 'Events not stored.', 'reason');
  private readonly duration = this.metrics.histogram(
    'accept_duration_seconds',
    'From the headers of a request to the end of its 2xx answer, COMMIT included.',
    DURATIONS,
  );
  private readonly batches = this.metrics.histogram(
    'accept_batch_events',
    'Events that share a transaction.',
    [1, 2, 5, 10, 20, 50, 100, 200],
  );

  constructor(
    private readonly metrics: Metrics,
    @Inject(getStorageToken()) limits: AccountThrottlerStorage,
  ) {
    metrics.gauge(
      'limiter_fallback',
      '1 while the limits of accounts are per process because Redis does not answer.',
      () => Number(limits.isFallback),
    );
  }

  stored(events: number): void {
    this.batches.observe(events);
  }

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onResponse', (request: FastifyRequest, reply: FastifyReply, done: () => void) => {
      const { batchStatuses } = request as WithBatch;
      if (isIngest(request)) this.answered(reply.statusCode, reply.elapsedTime / 1000, batchStatuses);
      done();
    });
  }

  /** @param events of a batch: every event counts, by what it was answered */
  answered(status: number, seconds: number, events = [status]): void {
    for (const one of events) this.count(one);
    if (status < 300) this.duration.observe(seconds);
  }

  private count(status: number): void {
    if (status >= 300) this.refused.inc({ reason: REFUSALS[status] ?? 'other' });
    else (status === 202 ? this.accepted : this.duplicates).inc();
  }
}
