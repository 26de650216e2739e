import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import { call } from './call.js';
import { Producer } from './producer.js';
import type { Random } from './random.js';
import { MAX_IN_FLIGHT, type Rig } from './rig.js';

export interface RoundOptions {
  destinations?: number;
  maxInFlight?: number;
  largestBytes?: number;
  /** Where the producer sends; the APIs in turns unless given. */
  targets?: () => string[];
}

export interface Destination {
  id: string;
  path: string;
}

const admin = { email: 'faults@example.com', password: 'Canary-password-of-the-admin-1' };
const MARKER = 'canary-payload-f3a1c9';
const HEADER = 'canary-header-77b2d0';

let rounds = 0;

/** One experiment: an account of its own with its destinations, and a producer that sends to it. */
export class Round {
  readonly startedAt = performance.now();
  accountId = '';
  accountToken = '';
  adminToken = '';
  destinations: Destination[] = [];
  producer!: Producer;
  /** Said while it ran; shown with the result. */
  readonly notes: string[] = [];
  /** What was not as it must be, beside what the oracle finds. */
  readonly problems: string[] = [];

  private constructor(
    readonly rig: Rig,
    readonly random: Random,
    readonly options: RoundOptions,
  ) {}

  static async open(rig: Rig, random: Random, options: RoundOptions = {}): Promise<Round> {
    const round = new Round(rig, random, options);
    rig.receiver.reset();
    await round.createAccount();
    round.producer = new Producer({
      targets: options.targets ?? (() => rig.urls),
      token: round.accountToken,
      marker: MARKER,
      random: random.fork('producer'),
      fanOut: round.destinations.length,
      largestBytes: options.largestBytes,
    });
    return round;
  }

  check(isRight: boolean, problem: string): void {
    if (!isRight) this.problems.push(problem);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  /** In-flight limit of one worker process over all destinations: what its death may deliver twice. */
  get inFlightLimit(): number {
    return (this.options.maxInFlight ?? MAX_IN_FLIGHT) * this.destinations.length;
  }

  api(method: string, path: string, body?: object) {
    return call(`${this.rig.urls[0]}/api`, method, path, { token: this.adminToken, body });
  }

  /** Events at `perSecond` for `ms`. */
  async traffic(perSecond: number, ms: number): Promise<void> {
    this.producer.run(perSecond);
    await sleep(ms);
    await this.producer.finish();
  }

  /** Deliveries of the account that are still to do. */
  async open(): Promise<number> {
    const [row] = await this.rig.database.query<{ open: number }>(
      'SELECT count(*)::integer AS open FROM deliveries WHERE account_id = $1',
      [this.accountId],
    );
    return row!.open;
  }

  /** Waits until everything that was delivered until now is written down. */
  async recorded(timeoutMs: number): Promise<void> {
    const taken = this.rig.receiver.records.filter(({ takenAt }) => takenAt !== null);
    const delivered = new Set(taken.map(({ destination, eventId }) => `${destination} ${eventId}`)).size;
    const isWritten = async () => {
      const [row] = await this.rig.database.query<{ finished: number }>(
        'SELECT count(*)::integer AS finished FROM finished_deliveries WHERE account_id = $1',
        [this.accountId],
      );
      return row!.finished >= delivered;
    };
    await waitFor(isWritten, { timeoutMs, what: 'writing down what was delivered' });
  }

  /** Waits until nothing is left to do. */
  async drain(timeoutMs = 60_000): Promise<void> {
    await this.producer.finish();
    const deadline = Date.now() + timeoutMs;
    while ((await this.open()) > 0) {
      if (Date.now() > deadline)
        return void this.problems.push(
          `${await this.open()} deliveries were not done ${timeoutMs / 1000} s later`,
        );
      await sleep(100);
    }
  }

  async addDestination(path: string, body: object = {}): Promise<Destination> {
    const { id } = await this.must('POST', `/accounts/${this.accountId}/destinations`, {
      url: this.rig.receiver.origin + path,
      headers: { 'x-canary': HEADER },
      max_in_flight: this.options.maxInFlight ?? MAX_IN_FLIGHT,
      ...body,
    });
    return { id, path };
  }

  private async createAccount(): Promise<void> {
    await this.api('POST', '/user/register', admin);
    this.adminToken = (await this.must('POST', '/user/login', admin)).access_token;
    const number = ++rounds;
    const account = await this.must('POST', '/accounts', { account_name: `Faults ${number}` });
    this.accountId = account.id;
    this.accountToken = account.app_secret_token;
    await this.must('PATCH', `/accounts/${account.id}`, { rate_limit_per_second: 100_000 });
    for (const secret of [admin.password, this.accountToken, this.adminToken, MARKER, HEADER])
      this.rig.watch.addSecret(secret);
    for (let index = 0; index < (this.options.destinations ?? 2); index++)
      this.destinations.push(await this.addDestination(`/${number}/${index}`));
  }

  private async must(method: string, path: string, body: object) {
    const answer = await this.api(method, path, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
