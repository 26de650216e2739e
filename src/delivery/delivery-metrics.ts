import { Injectable } from '@nestjs/common';
import { timeOf } from '../database/partitions.js';
import { looksLikeReplay } from '../events/delivery-ids.js';
import { DELAYS, DURATIONS, Metrics } from '../metrics/metrics.js';
import type { ClaimedDelivery } from './contract.js';
import type { Outcome } from './outcome.js';
import type { DeliveryResult } from './result-statement.js';

/** The id of a delivery tells when its event came. Clocks of two machines may differ by a little. */
const secondsSince = (deliveryId: string, nowMs: number): number =>
  Math.max(0, nowMs - timeOf(deliveryId)) / 1000;

@Injectable()
export class DeliveryMetrics {
  private readonly attempts = this.metrics.counter(
    'attempts_total',
    'Attempts by outcome: success, or the error code of the log.',
    'outcome',
  );
  private readonly duration = this.metrics.histogram(
    'attempt_duration_seconds',
    'From the start of an attempt to the end of its answer.',
    DURATIONS,
  );
  private readonly firstDelay = this.metrics.histogram(
    'first_attempt_delay_seconds',
    'From accepting an event to the start of the first attempt of a delivery; replays do not count.',
    DELAYS,
  );
  private readonly deliveryDelay = this.metrics.histogram(
    'delivery_delay_seconds',
    'From accepting an event to the record that it was delivered; replays do not count.',
    DELAYS,
  );
  private readonly results = this.metrics.counter(
    'results_total',
    'Recorded results: success, failed, cancelled, retry, hold or release (put back); superseded ones too.',
    'result',
  );

  constructor(private readonly metrics: Metrics) {}

  attempted({ id, attempts }: ClaimedDelivery, { errorCode, durationMs }: Outcome): void {
    this.attempts.inc({ outcome: errorCode ?? 'success' });
    this.duration.observe(durationMs / 1000);
    if (attempts === 0 && !looksLikeReplay(id))
      this.firstDelay.observe(secondsSince(id, Date.now() - durationMs));
  }

  /** @param kept for each result whether its lease still held. */
  recorded(results: DeliveryResult[], kept: boolean[]): void {
    const nowMs = Date.now();
    const counts = new Map<string, number>();
    results.forEach(({ next, deliveryId }, index) => {
      const result = kept[index] ? next : 'superseded';
      counts.set(result, (counts.get(result) ?? 0) + 1);
      if (result === 'success' && !looksLikeReplay(deliveryId))
        this.deliveryDelay.observe(secondsSince(deliveryId, nowMs));
    });
    for (const [result, count] of counts) this.results.inc({ result }, count);
  }
}
