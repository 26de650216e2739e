import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { median, seededRandom } from './stats.mjs';

const BATCH = 50;
const UNDER_WAY = 2;
const WINDOW_MS = 4000;
const ROUNDS = 5;

/**
 * Accepts as fast as it goes, in turns with nobody and with the search keeper at work on what comes in.
 * @returns events per second of both, and their ratio.
 */
export async function acceptBesideKeeper(connection, account, { uuidv7, log }) {
  const load = (path) => import(`../../dist/src/${path}.js`);
  const { acceptEvents } = await load('incoming-data/accept-statement');
  const { createAcceptPool, createDeliveryPool } = await load('database/pools');
  const { SearchKeeper } = await load('search/search-keeper');
  const [accepting, keeping] = [createAcceptPool(connection), createDeliveryPool(connection)];
  const silent = { debug() {}, info() {}, error: (problem) => log(problem.err.message) };
  const makeBatch = batches(account, uuidv7);
  const accept = () => acceptFor(WINDOW_MS, () => acceptEvents(accepting, makeBatch()));
  await accept();
  const rates = { alone: [], beside: [] };
  let made = 0;
  for (let round = 0; round < ROUNDS; round++) {
    rates.alone.push(await accept());
    const keeper = new SearchKeeper(keeping, silent);
    const over = new AbortController();
    const atWork = (async () => {
      while (!over.signal.aborted) {
        made += (await keeper.apply()) ?? 0;
        await sleep(100);
      }
    })();
    rates.beside.push(await accept());
    over.abort();
    await keeper.onModuleDestroy();
    await atWork.catch(() => undefined);
  }
  await Promise.all([accepting.end(), keeping.end()]);
  const [alone, beside] = [median(rates.alone), median(rates.beside)];
  return { alone, beside, ratio: median(rates.beside.map((rate, n) => rate / rates.alone[n])), made };
}

async function acceptFor(ms, acceptBatch) {
  const startedAt = performance.now();
  let accepted = 0;
  const one = async () => {
    while (performance.now() - startedAt < ms) accepted += (await acceptBatch()).length;
  };
  await Promise.all(Array.from({ length: UNDER_WAY }, one));
  return (accepted * 1000) / (performance.now() - startedAt);
}

function batches({ id: accountId, destinations }, uuidv7) {
  const random = seededRandom(7);
  const bodySha256 = createHash('sha256').update('x').digest();
  return () =>
    Array.from({ length: BATCH }, () => {
      const id = uuidv7();
      const words = Array.from({ length: 100 }, () => Math.floor(random() * 1e9).toString(36)).join(' ');
      return {
        id,
        accountId,
        accountName: 'bench',
        eventId: id,
        eventType: 'user.update',
        payload: Buffer.from(
          JSON.stringify({ id, currency: 'EUR', words, note: 'please ring twice. '.repeat(15) }),
        ),
        bodySha256,
        deliveries: [
          { id: uuidv7({ msecs: Date.now() + 1 }), destinationId: destinations[0], isHeld: false },
        ],
      };
    });
}
