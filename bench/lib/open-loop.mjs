import { percentile, summarise } from './stats.mjs';

/**
 * Events at a steady rate, whatever the answers take.
 * @param expected how many first attempts must arrive, by the number of events accepted; `kinds` says where
 * @returns latencies of accepting and of receipt, both from the moment an event was meant to leave
 */
export async function openLoop(
  bench,
  target,
  { rate, seconds, expected, kinds, counts = () => true, ...load },
) {
  await bench.receiver.ask('reset');
  const sent = await bench.load(target, { rate, seconds, ...load });
  await bench.arrived(expected(sent), kinds);
  const receipts = receiptsOf(await bench.receiver.ask('report'), sent, rate).filter(counts);
  const { p50, p95, p99 } = summarise(receipts.map(({ latency }) => latency));
  const numbers = {
    rate,
    events: sent.accepted,
    receipts: receipts.length,
    acceptP50: sent.p50,
    acceptP95: sent.p95,
    acceptP99: sent.p99,
    receiptP50: p50,
    receiptP95: p95,
    receiptP99: p99,
    generatorBusy: sent.busy,
  };
  return { numbers, receipts };
}

/** First attempts at events of this load, with what they took. */
export function receiptsOf(
  { seq, destination, attempt, at },
  { startedAt, firstSeq, events, accountOf },
  rate,
) {
  const receipts = [];
  for (let i = 0; i < seq.length; i++) {
    const index = seq[i] - firstSeq;
    if (attempt[i] !== 1 || index < 0 || index >= events) continue;
    const latency = at[i] - (startedAt + (index * 1000) / rate);
    receipts.push({ destination: destination[i], account: accountOf[index], latency });
  }
  return receipts;
}

/** The 99th percentile of each account that has enough receipts for one. */
export function accountP99s(receipts, least) {
  const byAccount = new Map();
  for (const { account, latency } of receipts)
    byAccount.set(account, [...(byAccount.get(account) ?? []), latency]);
  return [...byAccount.values()]
    .filter((latencies) => latencies.length >= least)
    .map((latencies) => percentile(latencies, 0.99));
}
