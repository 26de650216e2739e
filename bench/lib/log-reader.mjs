import { median } from './stats.mjs';

const TIMES = 5;
/** Of each statement: what else the machine does disturbs some. */
const EXPLAINED = 15;
const USER = { email: 'bench@example.com', password: 'Bench@123-long' };
/** What the statements of the log are about; those that only check who asks are left out. */
const OF_THE_LOG = /\b(finished_deliveries|deliveries|events|event_keys|attempts|all_attempts)\b/;

/** Reads the log API as a user does, and times its statements at the database. */
export class LogReader {
  static async open(bench, target) {
    const reader = new LogReader(bench, target);
    await reader.#call('/api/user/register', USER);
    const { access_token: token } = await reader.#call('/api/user/login', USER);
    reader.token = token;
    return reader;
  }

  constructor(bench, target) {
    this.bench = bench;
    this.target = target;
  }

  /** @returns milliseconds over HTTP and at the database; null where this product has no such list or filter. */
  async time(path) {
    const { api } = this.target.processes;
    const first = await this.#get(path);
    if (first.status === 400 || first.status === 404) return null;
    await api.ask('recent');
    const overHttp = [];
    for (let time = 0; time < TIMES; time++) overHttp.push((await this.#get(path)).ms);
    const recent = (await api.ask('recent')).filter(({ text }) => OF_THE_LOG.test(text));
    const statements = recent.slice(0, recent.length / TIMES);
    return {
      http: median(overHttp),
      database: await this.#explain(statements),
      statements: statements.length,
    };
  }

  async #get(path) {
    const startedAt = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.target.port}${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    await response.arrayBuffer();
    return { status: response.status, ms: performance.now() - startedAt };
  }

  /** Planning and execution of all of them, at best: the rest is what the machine did besides. */
  #explain(statements) {
    return this.bench.postgres.with(this.target.database, async (client) => {
      let total = 0;
      for (const { text, values } of statements) {
        const times = [];
        for (let time = 0; time < EXPLAINED; time++) {
          const { rows } = await client.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
          const [plan] = rows[0]['QUERY PLAN'];
          times.push(plan['Planning Time'] + plan['Execution Time']);
        }
        total += Math.min(...times);
      }
      return total;
    });
  }

  async #call(path, body) {
    const response = await fetch(`http://127.0.0.1:${this.target.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}
