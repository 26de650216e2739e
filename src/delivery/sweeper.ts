import { Inject, Injectable } from '@nestjs/common';
import { setTimeout as rest } from 'node:timers/promises';
import type { Logger } from 'pino';
import { LOGGER } from '../common/logger.js';
import { Claims, type Limits } from './claims.js';
import type { ClaimedDelivery } from './contract.js';
import { DeliveryEngine } from './delivery-engine.js';

const TICK_MS = 1000;
/** After a sweep that left nothing to jobs, which have a head start of less than a second before others. */
const QUIET_TICK_MS = 1800;
/** Half of what a process of the usual size takes on of one destination, which has the others while it claims. */
const MAX_CLAIM = 250;
const WORTH_GOING_ON = 32;
/**
 * After a sweep that found little the next is so many times as long away as the walk took, whoever asks for it; after one
 * that found much, as long as nobody asks.
 */
const REST_FACTOR = 4;
const MIN_REST_MS = 20;
const MAX_REST_MS = 100;

/**
 * Finds what is due and nobody works on: retries, deliveries whose job was lost, leases of workers that died.
 * With it, every job of the queue may vanish and all that happens is a delay of less than two seconds.
 */
@Injectable()
export class Sweeper {
  private stopped = false;
  private pause: { end: () => void } | null = null;
  private loop: Promise<void> = Promise.resolve();
  private isFailing = false;
  /** How long the last walk took, which grows with the destinations on its way. */
  private walkMs = 0;
  /** Something asked for a sweep since the last one began. */
  private isAwake = false;

  constructor(
    private readonly claims: Claims,
    private readonly engine: DeliveryEngine,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    // A destination that was full left what is due to it where it was.
    this.engine.onRoomAgain(() => this.wake());
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const claimed = await this.sweep();
      if (this.claims.isUnderWay) continue;
      // Much claimed means that there is more: soon again, or as soon as there is room for it.
      const isMuch = claimed >= WORTH_GOING_ON;
      const sweptAt = performance.now();
      const tickMs = this.claims.hasLeftNothing ? QUIET_TICK_MS : TICK_MS;
      const restMs = Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, REST_FACTOR * this.walkMs));
      if (!this.isAwake) await this.sleepUntilWoken(isMuch ? restMs : tickMs);
      const earlyMs = sweptAt + restMs - performance.now();
      if (!isMuch && earlyMs > 0) await rest(earlyMs);
      this.isAwake = false;
    }
  }

  /** Sweeps now instead of at the next tick. */
  wake(): void {
    this.isAwake = true;
    this.pause?.end();
  }

  /** @returns how many deliveries were started. */
  private async sweep(): Promise<number> {
    try {
      this.engine.shed();
      const limit = await this.engine.reserve(MAX_CLAIM);
      if (limit === 0) return 0;
      const ofOne = this.claims.mostOfOne(limit);
      const started = await this.engine.claim(limit, (limits) => this.walk(limit, limits), { ofOne });
      this.isFailing = false;
      return started;
    } catch (error) {
      this.report(error);
      return 0;
    }
  }

  private async walk(limit: number, limits: Limits): Promise<ClaimedDelivery[]> {
    const startedAt = performance.now();
    const claimed = await this.claims.due(limit, limits);
    this.walkMs = performance.now() - startedAt;
    return claimed;
  }

  /** Once per state change: a database that is away for an hour is one line. */
  private report(error: unknown): void {
    if (!this.isFailing) this.logger.error({ err: error }, 'sweeper.failed');
    this.isFailing = true;
  }

  private sleepUntilWoken(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.pause = {
        end: () => {
          clearTimeout(timer);
          resolve();
        },
      };
    });
  }
}
