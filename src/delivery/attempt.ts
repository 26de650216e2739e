import type { Dispatcher } from 'undici';
import { failpoint } from '../common/fault-injection.js';
import type { Linked } from '../common/linked-list.js';
import { describeFailure, describeStatus, describeTimeout } from './failure.js';
import { type Failure, failure, type Outcome, type ResponseCut } from './outcome.js';
import { ResponseExcerpt } from './response-excerpt.js';
import { parseRetryAfterMs } from './retry-after.js';

const MAX_INTERIM_ANSWERS = 16;
const OVER = new Error('the attempt is over');

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

/**
 * One request on the wire, from dispatch to exactly one outcome. undici's raw handler, with a plain timer: half
 * the CPU of `request()` with `AbortSignal.timeout`, which builds a stream and a header object for each answer.
 */
export class Attempt implements Dispatcher.DispatchHandler, Linked<Attempt> {
  previous: Attempt | null = null;
  next: Attempt | null = null;
  private readonly startedAtMs = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly excerpt: ResponseExcerpt;
  private abortRequest: ((error?: Error) => void) | null = null;
  private statusCode: number | null = null;
  private retryAfterMs: number | null = null;
  private interimAnswers = 0;
  private ended = false;

  constructor(private readonly options: AttemptOptions) {
    this.excerpt = new ResponseExcerpt(options.keepResponseBytes);
    this.timer = setTimeout(onDeadline, options.timeoutMs, this);
  }

  /** Breaks the attempt off. */
  abort(): void {
    this.stop('aborted', failure('aborted', 'the gateway broke the attempt off'));
  }

  deadline(): void {
    this.stop('deadline', describeTimeout(this.options.timeoutMs, this.abortRequest !== null));
  }

  onConnect(abort: (error?: Error) => void): void {
    // Whoever stood still for long finds its connections before its timers: by now another process may be at it.
    const { timeoutMs, sendBefore } = this.options;
    if (performance.now() > Math.min(this.startedAtMs + timeoutMs, sendBefore)) this.deadline();
    // Throwing drops a request that waited too long and keeps the connection, which abort would destroy.
    if (this.ended) throw OVER;
    this.abortRequest = abort;
  }

  onRequestSent(): void {
    void failpoint('attempt.after_request');
  }

  onHeaders(statusCode: number, rawHeaders: Buffer[]): boolean {
    void failpoint('attempt.after_headers');
    if (statusCode < 100 || statusCode > 599) {
      this.stop('broken', failure('protocol', `${statusCode} is not an HTTP status`));
    } else if (statusCode < 200) {
      this.interimAnswers++;
      if (this.interimAnswers > MAX_INTERIM_ANSWERS)
        this.stop('broken', failure('protocol', `more than ${MAX_INTERIM_ANSWERS} interim answers`));
    } else {
      this.statusCode = statusCode;
      if (statusCode === 429 || statusCode === 503) this.retryAfterMs = findRetryAfterMs(rawHeaders);
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.excerpt.add(chunk);
    if (this.excerpt.readBytes > this.options.maxResponseBytes) this.stop('limit', null);
    return true;
  }

  onComplete(): void {
    this.end(null, null);
  }

  onError(error: Error): void {
    if (!this.ended) this.end('broken', describeFailure(error, this.options.host));
  }

  /** Ends the attempt and destroys its connection, on which an unfinished exchange is left. */
  private stop(cut: ResponseCut, cause: Failure | null): void {
    if (this.ended) return;
    this.end(cut, cause);
    this.abortRequest?.(OVER);
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

function findRetryAfterMs(rawHeaders: Buffer[]): number | null {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    if (rawHeaders[i]!.length === 11 && rawHeaders[i]!.toString('latin1').toLowerCase() === 'retry-after')
      return parseRetryAfterMs(rawHeaders[i + 1]!.toString('latin1'), Date.now());
  return null;
}
