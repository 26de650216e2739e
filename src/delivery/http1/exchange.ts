/** What a method or the name of a header is made of (RFC 9110, 5.6.2). */
export const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What is sent: the head is complete, with the length of the body. */
export interface HttpRequest {
  head: string;
  /** Text has a character for each byte. */
  body: Buffer | string | null;
}

/** One request and its answer, as whoever asked hears of it: `onSent`, `onHead`s, `onBody`s, then `onEnd` or `onError`. */
export interface Exchange {
  /** Nobody wants to hear any more of it. */
  readonly isOver: boolean;
  /**
   * A connection is there.
   * @param abort ends it, wherever the exchange is; nothing is heard any more.
   * @returns false when nothing may be sent any more.
   */
  onConnection(abort: () => void): boolean;
  onSent(): void;
  /**
   * The head of an interim answer (1xx) or of the answer.
   * @param retryAfter the header's value as it came.
   */
  onHead(statusCode: number, retryAfter: string | null): void;
  /** @param chunk whose memory is valid until it returns */
  onBody(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/** The other side does not speak HTTP/1.1. */
export class ProtocolError extends Error {
  readonly code = 'HTTP_PROTOCOL';
  override readonly name = 'ProtocolError';
}

/** The request holds what cannot be sent. */
export class InvalidRequestError extends Error {
  readonly code = 'HTTP_INVALID_REQUEST';
  override readonly name = 'InvalidRequestError';
}

/** The other side ended the connection before the end of its answer. */
export class ClosedError extends Error {
  readonly code = 'ECONNRESET';
  override readonly name = 'ClosedError';
}
