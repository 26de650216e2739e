import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Random } from './random.js';

const PATH = '/api/server/incoming_data';
const ANSWER_MS = 15_000;
const AGAIN_MS = 50;
/** Also connections, so that no request waits here and is counted as slow. */
const MOST_AT_ONCE = 500;

/** What was sent under an id, and when the product promised to keep it. */
export interface Entry {
  id: string;
  sha256: string;
  /** performance.now() of the 2xx; null until then. */
  acknowledgedAt: number | null;
  status: number | null;
  tries: number;
}

export interface Answer {
  at: number;
  ms: number;
  /** A status, or the code of an error. */
  what: number | string;
}

export interface ProducerOptions {
  /** Where to send, in turns. */
  targets: () => string[];
  token: string;
  /** Part of every payload. */
  marker: string;
  random: Random;
  /** Destinations that each receipt has to name; null where that changes meanwhile. */
  fanOut: number | null;
  largestBytes?: number;
}

/** Sends events and repeats each under its id until it gets a 2xx, as every producer of webhooks has to. */
export class Producer {
  readonly ledger = new Map<string, Entry>();
  readonly answers: Answer[] = [];
  readonly problems: string[] = [];
  /** Called with each 2xx, the moment it arrives. */
  onAcknowledged: (entry: Entry, target: string) => void = () => undefined;
  targets: () => string[];
  token: string;
  private readonly agent = new Agent({ connections: MOST_AT_ONCE, pipelining: 1 });
  private readonly sending = new Set<Promise<void>>();
  private running = false;
  private loop: Promise<void> = Promise.resolve();
  private turn = 0;
  private number = 0;
  private noise = '';

  constructor(readonly options: ProducerOptions) {
    this.targets = options.targets;
    this.token = options.token;
  }

  get accepted(): number {
    return [...this.ledger.values()].filter(({ acknowledgedAt }) => acknowledgedAt !== null).length;
  }

  /** Sends `perSecond` events until it is paused, whatever becomes of those before; at most 500 are under way at once. */
  run(perSecond: number): void {
    this.running = true;
    this.loop = this.keepSending(perSecond);
  }

  /** Sends nothing new and waits until everything sent was acknowledged. */
  async finish(): Promise<void> {
    this.running = false;
    await this.loop;
    while (this.sending.size > 0) await Promise.all(this.sending);
  }

  /** Sends `count` events, `atOnce` at a time, and waits until all are acknowledged. */
  async burst(count: number, atOnce: number): Promise<void> {
    let left = count;
    await Promise.all(
      Array.from({ length: Math.min(count, atOnce) }, async () => {
        while (left-- > 0) await this.send();
      }),
    );
  }

  /** Sends one event until it is acknowledged. */
  send(): Promise<void> {
    const { body, entry } = this.make();
    const sending = this.insist(entry, body).finally(() => this.sending.delete(sending));
    this.sending.add(sending);
    return sending;
  }

  async close(): Promise<void> {
    await this.finish();
    await this.agent.destroy();
  }

  private async keepSending(perSecond: number): Promise<void> {
    const startedAt = performance.now();
    for (let sent = 0; this.running;) {
      const wanted = ((performance.now() - startedAt) * perSecond) / 1000;
      for (; sent < wanted; sent++) if (this.sending.size < MOST_AT_ONCE) void this.send();
      await sleep(5);
    }
  }

  private make(): { body: Buffer; entry: Entry } {
    const { random, marker, largestBytes = 2000 } = this.options;
    const id = `e${this.number++}-${random.integer(0, 1e9).toString(36)}`;
    const start = random.integer(0, 1000);
    const filler = this.filler(start + largestBytes).slice(start, start + random.integer(0, largestBytes));
    // Some of each kind: what is not ASCII goes other ways.
    const kind = random.pick(['text', 'tëxt']);
    const body = Buffer.from(JSON.stringify({ event_type: 'fault.test', id, marker, kind, filler }));
    const sha256 = createHash('sha256').update(body).digest('hex');
    const entry = { id, sha256, acknowledgedAt: null, status: null, tries: 0 };
    this.ledger.set(id, entry);
    return { body, entry };
  }

  /** Text that does not compress, so that it takes the place it says. */
  private filler(length: number): string {
    if (this.noise.length < length)
      this.noise = Array.from({ length: Math.ceil(length / 6) }, () =>
        this.options.random.integer(0, 36 ** 6 - 1).toString(36),
      ).join('');
    return this.noise.padEnd(length, 'x');
  }

  private async insist(entry: Entry, body: Buffer): Promise<void> {
    for (;;) {
      entry.tries++;
      const target = this.nextTarget();
      const startedAt = performance.now();
      const { status, text, retryAfter, error } = await this.attempt(target, entry.id, body);
      const now = performance.now();
      this.answers.push({ at: now, ms: now - startedAt, what: status ?? error });
      if (text.includes(this.options.marker))
        this.problems.push(`the answer to ${entry.id} repeats the payload`);
      if (status === 202 || status === 200) {
        entry.acknowledgedAt = now;
        entry.status = status;
        this.onAcknowledged(entry, target);
        return this.checkReceipt(entry, text);
      }
      if (status === 503 && !retryAfter) this.problems.push('a 503 came without Retry-After');
      if (status && status !== 503)
        return void this.problems.push(`${entry.id} was answered ${status}: ${text}`);
      await sleep(AGAIN_MS);
    }
  }

  private nextTarget(): string {
    const targets = this.targets();
    return targets[this.turn++ % targets.length]!;
  }

  private async attempt(target: string, id: string, body: Buffer) {
    try {
      const answer = await request(target + PATH, {
        method: 'POST',
        dispatcher: this.agent,
        headers: {
          'content-type': 'application/json',
          'cl-x-token': this.token,
          'cl-x-event-id': id,
        },
        body,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const { statusCode: status, headers, body: stream } = answer;
      return { status, retryAfter: Boolean(headers['retry-after']), text: await stream.text(), error: '' };
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException;
      // That of an exception of the web platform is a number that says nothing.
      const said = typeof code === 'string' ? code : name;
      return { status: null, retryAfter: false, text: '', error: said };
    }
  }

  private checkReceipt(entry: Entry, text: string): void {
    const receipt = JSON.parse(text) as { event_id: string; destinations: string[]; duplicate: boolean };
    const isRight =
      receipt.event_id === entry.id &&
      (this.options.fanOut === null || receipt.destinations.length === this.options.fanOut) &&
      receipt.duplicate === (entry.status === 200);
    if (!isRight) this.problems.push(`the receipt of ${entry.id} is wrong: ${entry.status} ${text}`);
  }
}
