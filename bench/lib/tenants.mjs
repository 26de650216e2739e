/** A thousand accounts with three destinations each; the first ones send most (Zipf, see load.mjs). */
const ACCOUNTS = 1000;
export const FANOUT = 3;

/** Spreads a share of the destinations evenly over accounts that send much and little. */
const SPREAD = 37;

/** Low enough that a waiting line is the product's fault, on two cores that also run all the rest. */
export const RATE = 150;

/** @param kindOf how a destination behaves, by its place from 0 to 99 */
export function tenants(bench, kindOf = () => 'ok') {
  return Array.from({ length: ACCOUNTS }, (_, account) =>
    Array.from({ length: FANOUT }, (__, index) => {
      const number = account * FANOUT + index;
      return { url: bench.destination(kindOf(placeOf(number)), number) };
    }),
  );
}

/** From 0 to 99: a place below 20 makes 20 % of the destinations. */
export const placeOf = (number) => (number * SPREAD + 50) % 100;

/** One event of every account, so that nothing is read for the first time while it is measured. */
export async function wakeAll(bench, target, kinds) {
  await bench.receiver.ask('reset');
  await bench.load(target, { connections: 32, count: ACCOUNTS, eachAccount: true });
  await bench.arrived(ACCOUNTS * FANOUT, kinds);
  await bench.settled();
}
