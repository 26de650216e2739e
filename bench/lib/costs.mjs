const TOP_STATEMENTS = 12;

/** What so many events and deliveries cost, from two samples (bench.mjs). */
export function costsBetween(before, after, { events, deliveries }) {
  const statements = difference(merge(before.statements), merge(after.statements));
  const isAccepting = ([key]) => key.slice(0, key.indexOf('\n')).includes('accept');
  const entries = [...statements];
  const accepting = sum(entries.filter(isAccepting));
  const per = (key, count) => (after[key] - before[key]) / count;
  return {
    events,
    deliveries,
    cpuPer1000: cpuSeconds(before, after) / (deliveries / 1000),
    postgresCpuPer1000: per('postgresCpuMicros', deliveries) / 1000,
    statementsPerEvent: accepting / events,
    statementsPerDelivery: (sum(entries) - accepting) / deliveries,
    transactionsPerEvent: per('transactions', events),
    walBytesPerEvent: per('walBytes', events),
    redisSentPerDelivery: per('redisSent', deliveries),
    redisRunPerDelivery: per('redisRun', deliveries),
    statements: topOf(entries),
  };
}

/** CPU-seconds of all processes of a target. */
export function cpuSeconds(before, after) {
  const total = ({ cpuMicros }) => Object.values(cpuMicros).reduce((all, micros) => all + micros, 0);
  return (total(after) - total(before)) / 1e6;
}

function merge(maps) {
  const merged = new Map();
  for (const [key, count] of maps.flatMap(Object.entries)) merged.set(key, (merged.get(key) ?? 0) + count);
  return merged;
}

/** Statements by pool and text between two samples. */
export function statementsBetween(before, after) {
  return difference(merge(before.statements), merge(after.statements));
}

function difference(before, after) {
  return new Map(
    [...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)]).filter(([, count]) => count > 0),
  );
}

const sum = (entries) => entries.reduce((total, [, count]) => total + count, 0);

function topOf(entries) {
  const top = entries.sort(([, a], [, b]) => b - a).slice(0, TOP_STATEMENTS);
  return Object.fromEntries(top.map(([key, count]) => [key.replaceAll(/\s+/g, ' ').slice(0, 90), count]));
}
