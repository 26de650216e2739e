import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { userUpdate } from './bodies.mjs';
import { othersBetween, readCpu } from './machine.mjs';
import { BenchPostgres } from './postgres.mjs';
import { Process } from './processes.mjs';
import { startRedis } from './redis.mjs';
import { seedAccounts } from './seed.mjs';
import { DEFAULT_SHAPE, startBare, startProduct } from './targets.mjs';

/** Asking costs the receiver what deliveries could use. */
const ARRIVAL_POLL_MS = 25;
/** A product that delivers nothing for so long has lost something. */
const ARRIVAL_STALL_MS = 60_000;
/** What was received is recorded by then. */
const SETTLE_MS = 500;

/** What all workloads of a run share: one PostgreSQL, one Redis, one receiver, one load generator. */
export class Bench {
  #closers = [];
  #nextSeq = 0;
  #tlsFolder;
  #progress;
  #cpu = readCpu();
  /** Everything that was measured, for the JSON. */
  rounds = [];
  body = userUpdate();

  /** @param progress takes a line for whoever waits. */
  static async open({ full, progress }) {
    const bench = new Bench(full, progress);
    try {
      await bench.#start();
      return bench;
    } catch (error) {
      await bench.close();
      throw error;
    }
  }

  constructor(full, progress) {
    this.full = full;
    this.#progress = progress;
  }

  async #start() {
    this.#progress('starting PostgreSQL, Redis, receiver and load generator');
    this.postgres = await BenchPostgres.start();
    this.#closers.push(() => this.postgres.stop());
    this.redis = await startRedis();
    if (this.redis) this.#closers.push(() => this.redis.stop());
    this.certificate = this.#makeCertificate();
    [this.receiver, this.receiverAt] = await Process.start('bench/lib/receiver.mjs', {
      env: { ...this.certificate, BENCH_HOSTS: loopbackHosts().join() },
    });
    [this.generator] = await Process.start('bench/lib/load.mjs');
    this.#closers.push(
      () => this.receiver.stop(),
      () => this.generator.stop(),
    );
  }

  async close() {
    for (const closer of this.#closers.reverse()) await closer();
  }

  /** Leaves nothing behind that would not end with this process. */
  async abandon() {
    await Promise.all([this.postgres.stop(), this.redis?.stop()]);
    rmSync(this.#tlsFolder, { recursive: true, force: true });
  }

  progress(text) {
    this.#progress(text);
  }

  /** Keeps the numbers of one measurement for the JSON, with what other programs took meanwhile; returns them. */
  record(workload, name, numbers) {
    const cpu = readCpu();
    this.rounds.push({ workload, name, othersShare: othersBetween(this.#cpu, cpu), ...numbers });
    this.#cpu = cpu;
    return numbers;
  }

  /** URL of a destination; `kind` says how it behaves (receiver.mjs). Each is on one of many hosts. */
  destination(kind, number) {
    const { hosts, port } = this.receiverAt;
    return `http://${hosts[number % hosts.length]}:${port}/${kind}/${number}`;
  }

  /**
   * Starts the product on a fresh database with these accounts, and ends both after `work`.
   * @param accounts for each its destinations, see seed.mjs
   * @param worker false leaves delivering to a worker that `work` starts; needs a shape that is apart
   * @param stopWithinMs after which it is killed, where it would wait for destinations that hang
   */
  async withProduct({ accounts, shape = DEFAULT_SHAPE, worker, env, stopWithinMs }, work) {
    const database = await this.postgres.createDatabase({ migrated: true });
    const seeded = await this.postgres.with(database, (client) => seedAccounts(client, accounts));
    await this.redis?.wipe();
    const product = await startProduct({
      databaseUrl: this.postgres.url(database),
      redisUrl: shape.redis ? this.redis.url : undefined,
      apart: shape.apart,
      worker,
      env,
    });
    return this.#use({ ...product, ...seeded, database, stopWithinMs }, work);
  }

  /** The same for the bare pipeline (C5). */
  async withBare({ shape = DEFAULT_SHAPE }, work) {
    const database = await this.postgres.createDatabase({ migrated: false });
    await this.redis?.wipe();
    const bare = await startBare({
      connection: this.postgres.connection(database),
      redisUrl: shape.redis ? this.redis.url : undefined,
      apart: shape.apart,
      destination: this.destination('ok', 0),
    });
    return this.#use({ ...bare, database }, work);
  }

  /** `work` may leave `target.whenStopped`, which is told the fsyncs since the start. */
  async #use(target, work) {
    const fsyncsBefore = await this.postgres.fsyncs();
    try {
      return await work(target);
    } finally {
      await target.stop(target.stopWithinMs);
      target.whenStopped?.((await this.postgres.fsyncs()) - fsyncsBefore);
      await this.postgres.dropDatabase(target.database);
    }
  }

  /** Sends events to a target, see load.mjs. An event that is refused means that nothing can be measured. */
  async load(target, options) {
    const { port, path, tokens } = target;
    const load = { port, path, tokens, body: this.body, firstSeq: this.#nextSeq, ...options };
    const result = await this.generator.ask('run', load);
    this.#nextSeq += result.events;
    target.accepted = (target.accepted ?? 0) + result.accepted;
    if (result.refused > 0) throw new Error(`events were refused: ${JSON.stringify(result.statuses)}`);
    return result;
  }

  /** Waits until the destinations of these kinds have had so many first attempts. */
  async arrived(count, kinds = ['ok']) {
    let changedAt = performance.now();
    for (let last = -1; ; await sleep(ARRIVAL_POLL_MS)) {
      const firsts = await this.receiver.ask('count');
      const arrived = kinds.reduce((sum, kind) => sum + (firsts[kind] ?? 0), 0);
      if (arrived >= count) return;
      if (arrived !== last) changedAt = performance.now();
      else if (performance.now() - changedAt > ARRIVAL_STALL_MS)
        throw new Error(`only ${arrived} of ${count} deliveries arrived`);
      last = arrived;
    }
  }

  /** Lets a target become fast, and everything of it be delivered. */
  async warmUp(target, { seconds = 1, fanout = 1, connections = 64 } = {}) {
    await this.receiver.ask('reset');
    const { accepted } = await this.load(target, { connections, seconds });
    await this.arrived(accepted * fanout);
    await sleep(SETTLE_MS);
    await this.receiver.ask('reset');
  }

  /** What a target, PostgreSQL and Redis have used so far; costs.mjs takes the difference of two. */
  async sample(target) {
    const names = Object.keys(target.processes);
    const usages = await Promise.all(names.map((name) => target.processes[name].ask('usage')));
    return {
      cpuMicros: Object.fromEntries(names.map((name, index) => [name, usages[index].cpuMicros])),
      statements: usages.map((usage) => usage.statements ?? {}),
      transactions: usages.reduce((sum, usage) => sum + (usage.transactions ?? 0), 0),
      redisSent: usages.reduce((sum, usage) => sum + (usage.redisSent ?? 0), 0),
      redisRun: this.redis ? await this.redis.commands() : 0,
      ...(await this.postgres.counters()),
    };
  }

  settled = () => sleep(SETTLE_MS);

  #makeCertificate() {
    const folder = mkdtempSync(join(tmpdir(), 'data-pusher-bench-tls-'));
    this.#tlsFolder = folder;
    this.#closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const files = { BENCH_CERTIFICATE: join(folder, 'certificate.pem'), BENCH_KEY: join(folder, 'key.pem') };
    // prettier-ignore
    const made = spawnSync('openssl', [
      'req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2',
      '-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1',
      '-keyout', files.BENCH_KEY, '-out', files.BENCH_CERTIFICATE,
    ]);
    return made.status === 0 ? files : null;
  }
}

/** Only Linux answers on all of 127.0.0.0/8 without being told to. */
function loopbackHosts() {
  const count = platform() === 'linux' ? 200 : 1;
  return Array.from({ length: count }, (_, index) => `127.0.0.${index + 1}`);
}
