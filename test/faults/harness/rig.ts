import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { type RedisServer, startRedis } from '../../support/redis.js';
import { FaultDatabase } from './database.js';
import { FaultReceiver } from './receiver.js';
import { Supervised } from './supervisor.js';
import { OutputWatch } from './watch.js';

export interface RigOptions {
  redis?: boolean;
  /** Both processes serve the API and deliver; what one has committed it attempts from memory. */
  inOne?: boolean;
  /** Replaces the URL that processes get of the database, such as that of a proxy. */
  databaseUrl?: (database: FaultDatabase) => string | Promise<string>;
  databaseSettings?: Record<string, string>;
  env?: Record<string, string>;
}

/** Short, and longer than a busy machine takes from a claim to its result. */
export const LEASE_SECONDS = 8;
/** Deliveries that one worker may have under way to one destination. */
export const MAX_IN_FLIGHT = 8;

/** The limit at which a stop is forced; a graceful one stays below. */
const EXIT_MS = 19_000;

const secrets = {
  JWT_SECRET: 'a secret of the fault tests, long enough for HS256',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 5).toString('base64')}`,
};

/** Everything that is under test: two API and two worker processes, their PostgreSQL, Redis, and a receiver. */
export class Rig {
  readonly watch = new OutputWatch();
  readonly receiver = new FaultReceiver();
  readonly database: FaultDatabase;
  readonly apis: Supervised[] = [];
  readonly workers: Supervised[] = [];
  redis: RedisServer | null = null;
  private ports: number[] = [];

  private constructor(private readonly options: RigOptions) {
    this.database = new FaultDatabase(options.databaseSettings);
  }

  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    try {
      await rig.startAll();
    } catch (error) {
      console.error(rig.watch.tail(20));
      await rig.stop();
      throw error;
    }
    return rig;
  }

  get processes(): Supervised[] {
    return [...new Set([...this.apis, ...this.workers])];
  }

  /** Where the APIs listen, whether they are alive or not. */
  get urls(): string[] {
    return this.ports.map((port) => `http://127.0.0.1:${port}`);
  }

  urlOf(api: Supervised): string {
    return this.urls[this.apis.indexOf(api)]!;
  }

  /** Ends all processes and starts them with `env` on top of what they had. */
  async restart(env: Record<string, string> = {}): Promise<void> {
    await Promise.all(this.processes.map((each) => this.stopGracefully(each)));
    await this.startWith(env);
  }

  /** Ends all processes at once and forgets what they left to do. */
  async startAfresh(env: Record<string, string>): Promise<void> {
    await Promise.all(this.processes.map((each) => each.stop('SIGKILL')));
    await this.database.query('DELETE FROM deliveries');
    await this.startWith(env);
  }

  /** SIGTERM has to end a process with 0 and in time, whatever is away. */
  async stopGracefully(each: Supervised): Promise<void> {
    const { how, ms } = await each.stop();
    if (how !== 0 || ms > EXIT_MS)
      this.watch.problems.push(`${each.name} ended with ${how} ${Math.round(ms)} ms after SIGTERM`);
  }

  /** Every process serves again. */
  async becomesReady(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.becomesReady()));
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.map((each) => each.stop('SIGKILL')));
    await this.redis?.stop();
    await this.database.stop();
    await this.receiver.stop();
  }

  private async startWith(env: Record<string, string>): Promise<void> {
    for (const each of this.processes) each.env = { ...each.options.env, ...env };
    await Promise.all(this.processes.map((each) => each.start()));
  }

  private async startAll(): Promise<void> {
    const { redis, inOne, databaseUrl } = this.options;
    await Promise.all([this.database.start(), this.receiver.start()]);
    if (redis) this.redis = await startRedis();
    const env = {
      ...secrets,
      DATABASE_URL: (await databaseUrl?.(this.database)) ?? this.database.url,
      ...(this.redis ? { REDIS_URL: this.redis.url } : {}),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'debug',
      EGRESS_ALLOW: 'loopback',
      RETRY_SCHEDULE: `0s${',300ms'.repeat(29)}`,
      DELIVERY_TIMEOUT_MS: '5000',
      LEASE_SECONDS: String(LEASE_SECONDS),
      ...this.options.env,
    };
    this.ports = await Promise.all([freePort(), freePort()]);
    for (const [index, port] of this.ports.entries()) {
      const args = inOne ? [] : ['api'];
      this.apis.push(this.process(`api${index + 1}`, 'main', args, { ...env, PORT: String(port) }));
      this.workers.push(inOne ? this.apis[index]! : this.process(`worker${index + 1}`, 'worker', [], env));
    }
    await Promise.all(this.processes.map((each) => each.start()));
  }

  private process(name: string, entry: 'main' | 'worker', args: string[], env: Record<string, string>) {
    return new Supervised({ name, entry, args, env, watch: this.watch });
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
