// Loaded into the processes of the product before anything else: counts the statements that node-postgres sends,
// by pool, and the commands that go to Redis, and answers how much CPU and memory the process used. Nothing of
// the product knows of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Redis } from 'ioredis';
import pg from 'pg';
import { answer, cpuMicros } from './answers.mjs';

const SAMPLE_EVERY_MS = 100;
/** Enough for the statements of the log API, with their parameters, so that they can be explained. */
const KEPT_VALUES = 200;

const statements = new Map();
const inTransaction = new WeakSet();
let transactions = 0;
let redisSent = 0;
let recent = [];
let peakRss = 0;

const client = pg.Client.prototype;
const sendQuery = Reflect.get(client, 'query');
client.query = function countedQuery(...input) {
  const [first, values] = input;
  const text = typeof first === 'string' ? first : first.text;
  const pool = this.connectionParameters.application_name ?? '';
  const key = `${pool}\n${first.name ?? text}`;
  statements.set(key, (statements.get(key) ?? 0) + 1);
  countTransaction(this, text);
  if (pool.includes('management')) {
    recent.push({ text, values: Array.isArray(values) ? values : (first.values ?? []) });
    if (recent.length > KEPT_VALUES) recent.shift();
  }
  return sendQuery.apply(this, input);
};

/** A statement is a transaction by itself unless one was begun. */
function countTransaction(connection, text) {
  if (/^\s*(BEGIN|START TRANSACTION)/i.test(text)) inTransaction.add(connection);
  else if (/^\s*(COMMIT|ROLLBACK(?! TO)|END)\b/i.test(text)) inTransaction.delete(connection);
  if (!inTransaction.has(connection)) transactions++;
}

const redis = Redis.prototype;
const sendCommand = Reflect.get(redis, 'sendCommand');
redis.sendCommand = function countedCommand(...input) {
  redisSent++;
  return sendCommand.apply(this, input);
};

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const sample = () => (peakRss = Math.max(peakRss, process.memoryUsage.rss()));
let sampling = null;

answer({
  usage: () => ({
    cpuMicros: cpuMicros(),
    statements: Object.fromEntries(statements),
    transactions,
    redisSent,
  }),
  /** Highest since the last time it was asked for; nothing is sampled before the first. */
  memory: () => {
    sampling ??= setInterval(sample, SAMPLE_EVERY_MS).unref();
    const peak = sample();
    peakRss = 0;
    return peak;
  },
  /** In use: what collections leave; buffers go a moment after the first. */
  live: async () => {
    for (let time = 0; time < 2; time++) {
      collect();
      await sleep(50);
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  recent: () => {
    const taken = recent;
    recent = [];
    return taken;
  },
});
