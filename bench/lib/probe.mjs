// Loaded into the processes of the product before anything else: counts the statements that node-postgres sends,
// by pool, and answers how much CPU and memory the process used. Nothing of the product knows of it.
import pg from 'pg';
import { answer, cpuMicros } from './answers.mjs';

const SAMPLE_EVERY_MS = 100;
/** Enough for the statements of the log API, with their parameters, so that they can be explained. */
const KEPT_VALUES = 200;

const statements = new Map();
let recent = [];
let peakRss = 0;

const { query } = pg.Client.prototype;
pg.Client.prototype.query = function countedQuery(...input) {
  const [first, values] = input;
  const text = typeof first === 'string' ? first : first.text;
  const pool = this.connectionParameters.application_name ?? '';
  const key = `${pool}\n${first.name ?? text}`;
  statements.set(key, (statements.get(key) ?? 0) + 1);
  if (pool.includes('management')) {
    recent.push({ text, values: Array.isArray(values) ? values : (first.values ?? []) });
    if (recent.length > KEPT_VALUES) recent.shift();
  }
  return query.apply(this, input);
};

const sample = () => (peakRss = Math.max(peakRss, process.memoryUsage.rss()));
let sampling = null;

answer({
  usage: () => ({ cpuMicros: cpuMicros(), statements: Object.fromEntries(statements) }),
  /** Highest since the last time it was asked for; nothing is sampled before the first. */
  memory: () => {
    sampling ??= setInterval(sample, SAMPLE_EVERY_MS).unref();
    const peak = sample();
    peakRss = 0;
    return peak;
  },
  recent: () => {
    const taken = recent;
    recent = [];
    return taken;
  },
});
