import { failpoint } from '../common/fault-injection.js';
import type { Linked } from '../common/linked-list.js';
import { describeFailure, describeStatus, describeTimeout } from './failure.js';
import type { Exchange } from './http1/exchange.js';
import { type Failure, failure, type Outcome, type ResponseCut } from './outcome.js';
import { ResponseExcerpt } from './response-excerpt.js';
import { parseRetryAfterMs } from './retry-after.js';

const MAX_INTERIM_ANSWERS = 16;

export interface AttemptOptions {
  /** Host and port for sentences. */
  host: string;
  timeoutMs: number;
  /** Nothing is sent after this moment of performance.now(). */
  sendBefore: number;
  maxResponseBytes: number;
  keepResponseBytes: number;
  onEnd: (outcome: Outcome) => void;
}

/** One request on the wire, from dispatch to exactly one outcome. */
export class Attempt implements Exchange, Linked<Attempt> {
  previous: Attempt | null = null;
  next: Attempt | null = null;
  private readonly startedAtMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly excerpt: ResponseExcerpt;
  private abortRequest: (() => void) | null = null;
  private statusCode: number | null = null;
  private retryAfterMs: number | null = null;
  private interimAnswers = 0;
  private ended = false;

  constructor(private readonly options: AttemptOptions) {
    this.excerpt = new ResponseExcerpt(options.keepResponseBytes);
    this.timer = setTimeout(onDeadline, options.timeoutMs, this);
  }

  /** True once it has its outcome. */
  get isOver(): boolean {
    return this.ended;
  }

  /** Breaks the attempt off. */
  abort(): void {
    this.stop('aborted', failure('aborted', 'the gateway broke the attempt off'));
  }

  deadline(): void {
    this.stop('deadline', describeTimeout(this.options.timeoutMs, this.abortRequest !== null));
  }

  onConnection(abort: () => void): boolean {
    // Whoever stood still for long finds its connections before its timers: by now another process may be at it.
    const { timeoutMs, sendBefore } = this.options;
    if (performance.now() > Math.min(this.startedAtMs + timeoutMs, sendBefore)) this.deadline();
    if (this.ended) return false;
    this.abortRequest = abort;
    return true;
  }

  onSent(): void {
    void failpoint('attempt.after_request');
  }

  onHead(statusCode: number, retryAfter: string | null): void {
    void failpoint('attempt.after_headers');
    if (statusCode < 100 || statusCode > 599) {
      this.stop('broken', failure('protocol', `${statusCode} is not an HTTP status`));
    } else if (statusCode < 200) {
      this.interimAnswers++;
      if (this.interimAnswers > MAX_INTERIM_ANSWERS)
        this.stop('broken', failure('protocol', `more than ${MAX_INTERIM_ANSWERS} interim answers`));
    } else {
      this.statusCode = statusCode;
      if (retryAfter !== null && (statusCode === 429 || statusCode === 503))
        this.retryAfterMs = parseRetryAfterMs(retryAfter, Date.now());
    }
  }

  onBody(chunk: Buffer): void {
    this.excerpt.add(chunk);
    if (this.excerpt.readBytes > this.options.maxResponseBytes) this.stop('limit', null);
  }

  onEnd(): void {
    this.end(null, null);
  }

  onError(error: Error): void {
    if (!this.ended) this.end('broken', describeFailure(error, this.options.host));
  }

  /** Ends the attempt and destroys its connection, on which an unfinished exchange is left. */
  private stop(cut: ResponseCut, cause: Failure | null): void {
    if (this.ended) return;
    this.end(cut, cause);
    this.abortRequest?.();
  }

  /** Status and headers decide; what breaks after them only cuts the excerpt. */
  private end(cut: ResponseCut | null, cause: Failure | null): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.timer);
    const { statusCode } = this;
    const problem = statusCode === null ? cause : describeStatus(statusCode);
    this.options.onEnd({
      statusCode,
      durationMs: Math.round(performance.now() - this.startedAtMs),
      error: problem?.error ?? null,
      errorCode: problem?.errorCode ?? null,
      responseExcerpt: this.excerpt.toText(),
      responseCut: statusCode === null ? null : cut,
      retryAfterMs: this.retryAfterMs,
    });
  }
}

function onDeadline(attempt: Attempt): void {
  attempt.deadline();
}
