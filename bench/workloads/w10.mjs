// W10: destinations on HTTPS. Whether connections are kept, so that few handshakes serve many deliveries.
import { atMost, row } from '../lib/rows.mjs';
import { saturate } from '../lib/saturate.mjs';

export const id = 'W10';
export const about = 'HTTPS destinations';

export async function run(bench) {
  if (!bench.certificate) throw new Error('no openssl on the PATH to make a certificate with');
  const accounts = [[{ url: `https://127.0.0.1:${bench.receiverAt.tlsPort}/ok/0` }]];
  const env = { NODE_EXTRA_CA_CERTS: bench.certificate.BENCH_CERTIFICATE };
  return bench.withProduct({ accounts, env }, async (target) => {
    const seconds = bench.full ? 10 : 2;
    await bench.receiver.ask('reset');
    const { accepted } = await bench.load(target, { connections: 32, seconds: 0.5 });
    await bench.arrived(accepted);
    const opening = (await bench.receiver.ask('report')).tls;
    const numbers = await saturate(bench, target, { seconds, connections: 32 });
    const { tls } = await bench.receiver.ask('report');
    const handshakes = opening.handshakes + tls.handshakes;
    const connections = Math.max(opening.peak, tls.peak);
    const per1000 = (handshakes / (accepted + numbers.deliveries)) * 1000;
    bench.record(id, 'product', { ...numbers, handshakes, connections, per1000 });
    return [
      row(id, 'connections at once', connections),
      row(id, 'handshakes per 1,000 deliveries', per1000, atMost(2 * connections)),
    ];
  });
}
