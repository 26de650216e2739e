import { costsBetween } from './costs.mjs';
import { now } from './clock.mjs';

/** Enough to keep every contender busy: fewer lower the throughput, more only raise the latency. */
export const CONNECTIONS = 128;

/**
 * As many events as a target takes, until the last delivery has arrived.
 * @returns durable accepts and accepted-and-delivered events per second, latencies and costs
 */
export async function saturate(
  bench,
  target,
  { seconds, connections = CONNECTIONS, fanout = 1, kinds, ...load },
) {
  await bench.receiver.ask('reset');
  const before = await bench.sample(target);
  const startedAt = now();
  const sent = await bench.load(target, { connections, seconds, ...load });
  await bench.arrived(sent.accepted * fanout, kinds);
  const took = (now() - startedAt) / 1000;
  await bench.settled();
  const deliveries = sent.accepted * fanout;
  return {
    accepts: sent.accepted / sent.seconds,
    delivered: sent.accepted / took,
    acceptP50: sent.p50,
    acceptP95: sent.p95,
    acceptP99: sent.p99,
    generatorBusy: sent.busy,
    ...costsBetween(before, await bench.sample(target), { events: sent.accepted, deliveries }),
  };
}
