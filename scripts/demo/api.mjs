import { setTimeout as sleep } from 'node:timers/promises';

const ANSWER_LIMIT_MS = 20_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;

/** Something the reader can mend, told in one line. */
export class DemoError extends Error {}

/** A client of the HTTP API; its `token` goes along once it is set. */
export class Api {
  token;
  /** Why requests are being repeated at the moment; empty while all is well. */
  trouble = '';

  constructor(base) {
    this.base = base;
  }

  /** @throws DemoError when no answer comes; every answer is returned, whatever its status. */
  async call(method, path, { json, body = json && JSON.stringify(json), headers = {} } = {}) {
    const sent = {
      ...(body && { 'content-type': 'application/json' }),
      ...(this.token && { authorization: `Bearer ${this.token}` }),
      ...headers,
    };
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    try {
      const options = { method, headers: sent, signal, ...(body && { body }) };
      const response = await fetch(this.base + path, options);
      const answer = { call: `${method} ${path}`, status: response.status, headers: response.headers };
      return { ...answer, body: parse(await response.text()) };
    } catch (error) {
      throw new DemoError(
        `The server at ${this.base} does not answer (${error.cause?.code ?? error.message}).`,
      );
    }
  }

  /** Goes on through a server that is away, busy or restarting, as a producer should, for `limitMs`. */
  async insist(method, path, { limitMs, ...options }) {
    const deadline = Date.now() + limitMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2)) {
      const answer = await this.call(method, path, options).catch((error) => ({ error }));
      this.trouble = troubleOf(answer);
      if (!this.trouble) return answer;
      const waitMs = Math.max(pauseMs * (0.5 + Math.random()), askedWaitMs(answer));
      if (Date.now() + waitMs > deadline)
        throw new DemoError(`Gave up ${method} ${path} after ${limitMs / 1000} s. ${this.trouble}`);
      await sleep(waitMs);
    }
  }
}

/** @throws DemoError with what the server said, unless it answered one of `statuses`. */
export function bodyOf({ call, status, body }, ...statuses) {
  if (statuses.includes(status)) return body;
  const fields = (body.errors ?? []).map(({ field, message }) => `${field} ${message}`);
  throw new DemoError(`${call} answered ${status}: ${[body.detail ?? body.title, ...fields].join(' ')}`);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function troubleOf({ error, status, body }) {
  if (error) return error.message;
  return status === 429 || status === 503 ? `The server answers ${status}: ${body.detail}` : '';
}

const askedWaitMs = ({ headers }) => (Number(headers?.get('retry-after')) || 0) * 1000;
