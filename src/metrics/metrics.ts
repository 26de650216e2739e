import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { Histogram } from './histogram.js';

const PREFIX = 'data_pusher_';
const READ_TIMEOUT_MS = 1000;

/** Seconds, from what a batch takes to what a day of retries does. */
export const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
export const DELAYS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 1800, 7200, 86_400];

let ofProcess: Registry | null = null;

/** What a process shows of itself. Watching costs a little, so it begins with the first who asks. */
function processRegistry(): Registry {
  if (!ofProcess) collectDefaultMetrics({ register: (ofProcess = new Registry()) });
  return ofProcess;
}

/**
 * The figures of a process for Prometheus. Each part makes its own here. No label ever names an account, a
 * destination or an event, so that there are few series and nothing in them is secret.
 */
@Injectable()
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  private readonly registry = new Registry();
  private readonly histograms: Histogram[] = [];

  counter(name: string, help: string, ...labelNames: string[]): Counter {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.registry] });
  }

  histogram(name: string, help: string, bounds: number[]): Histogram {
    const histogram = new Histogram(PREFIX + name, help, bounds);
    this.histograms.push(histogram);
    return histogram;
  }

  /** A figure that is read when somebody asks. One that cannot be read in time is left out. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void {
    const gauge = new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.registry],
      collect: async () => {
        const value = await inTime(read);
        if (value === null) gauge.remove();
        else gauge.set(value);
      },
    });
  }

  /** A total that is counted elsewhere, as a plain number. */
  total(name: string, help: string, read: () => number): void {
    const counter = this.counter(name, help);
    Object.assign(counter, {
      collect: () => {
        counter.reset();
        counter.inc(read());
      },
    });
  }

  async render(): Promise<string> {
    const histograms = this.histograms.map((histogram) => histogram.render());
    return [await this.registry.metrics(), ...histograms, await processRegistry().metrics()].join('\n');
  }
}

async function inTime(read: () => number | Promise<number>): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), READ_TIMEOUT_MS);
  });
  const value = Promise.resolve()
    .then(read)
    .catch(() => null);
  return Promise.race([value, late]).finally(() => clearTimeout(timer));
}
