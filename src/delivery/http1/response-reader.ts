import { type Exchange, ProtocolError } from './exchange.js';
import { checkStart, type ResponseHead, readHead } from './response-head.js';

type Sink = Pick<Exchange, 'onHead' | 'onBody'>;

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_CHUNK_LINE_BYTES = 4 * 1024;
/** Nobody sends one in so many, and each is looked at together with what came before. */
const MAX_HEAD_PIECES = 512;
const NOTHING = Buffer.alloc(0);
const NOBODY: Sink = { onHead: () => undefined, onBody: () => undefined };
const LINE_END = '\r\n';
const HEAD_END = '\r\n\r\n';
const CHUNK_LINE = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/i;

/** What the next bytes are. */
type Part = 'head' | 'body' | 'rest' | 'chunk line' | 'chunk' | 'chunk end' | 'trailer' | 'nothing';

/**
 * Reads the answers of a connection, one after the other, from bytes in whatever pieces they come (RFC 9112). Strict:
 * where it is not plain where an answer ends, it is an error.
 */
export class ResponseReader {
  private part: Part = 'nothing';
  private sink = NOBODY;
  /** The start of something of which the rest has not come yet. */
  private held: Buffer = NOTHING;
  /** Of the body or chunk that is being read. */
  private bytesLeft = 0;
  private trailerBytes = 0;
  private headPieces = 0;
  private head: ResponseHead | null = null;
  private tooMuch = false;

  /** The next bytes are an answer. */
  begin(sink: Sink): void {
    this.sink = sink;
    this.part = 'head';
    this.head = null;
    this.held = NOTHING;
    this.headPieces = 0;
    this.tooMuch = false;
  }

  /** Nothing more is told. */
  stop(): void {
    this.part = 'nothing';
    this.head = null;
    this.sink = NOBODY;
  }

  /** True once the answer has ended. */
  get isComplete(): boolean {
    return this.part === 'nothing' && this.head !== null;
  }

  /** How long the connection may be used for another; 0 ends it. */
  get keepAliveMs(): number {
    return this.head === null || this.tooMuch ? 0 : this.head.keepAliveMs;
  }

  /**
   * @param chunk whose memory is valid until it returns
   * @throws ProtocolError
   */
  read(chunk: Buffer): void {
    let bytes = this.held.length > 0 ? Buffer.concat([this.held, chunk]) : chunk;
    this.held = NOTHING;
    while (bytes.length > 0 && this.part !== 'nothing') {
      const used = this.readPart(bytes);
      if (used === 0) {
        this.held = Buffer.from(bytes);
        return;
      }
      bytes = used === bytes.length ? NOTHING : bytes.subarray(used);
    }
    this.tooMuch = bytes.length > 0;
  }

  /** The other side ended the connection: true where that ends the answer. */
  end(): boolean {
    if (this.part === 'rest') this.part = 'nothing';
    return this.isComplete;
  }

  /** @returns how many bytes that were; 0 where more have to come. */
  private readPart(bytes: Buffer): number {
    switch (this.part) {
      case 'head':
        return this.readHead(bytes);
      case 'chunk line':
        return this.readLine(bytes, MAX_CHUNK_LINE_BYTES, (line) => this.beginChunk(line));
      case 'chunk end':
        return this.readLine(bytes, 0, () => (this.part = 'chunk line'));
      case 'trailer':
        return this.readLine(bytes, MAX_HEAD_BYTES, (line) => this.passTrailer(line));
      default:
        return this.readBody(bytes);
    }
  }

  private readHead(bytes: Buffer): number {
    const text = bytes.toString('latin1', 0, Math.min(bytes.length, MAX_HEAD_BYTES));
    const end = text.indexOf(HEAD_END);
    if (end < 0) {
      checkStart(text);
      if (++this.headPieces > MAX_HEAD_PIECES)
        throw new ProtocolError(`a head in more than ${MAX_HEAD_PIECES} pieces`);
      if (bytes.length >= MAX_HEAD_BYTES)
        throw new ProtocolError(`a head of more than ${MAX_HEAD_BYTES} bytes`);
      return 0;
    }
    const head = readHead(text.slice(0, end));
    const { statusCode } = head;
    // Nobody asked to go on or to switch to another protocol.
    if (statusCode === 100 || statusCode === 101) throw new ProtocolError(`${statusCode} out of turn`);
    if (statusCode < 100 || statusCode >= 200) this.beginBody(head);
    this.sink.onHead(statusCode, head.retryAfter);
    return end + HEAD_END.length;
  }

  private beginBody(head: ResponseHead): void {
    this.head = head;
    const { statusCode, contentLength } = head;
    this.bytesLeft = statusCode === 204 || statusCode === 304 ? 0 : (contentLength ?? Infinity);
    if (this.bytesLeft === 0) this.part = 'nothing';
    else if (head.isChunked) this.part = 'chunk line';
    else this.part = contentLength === null ? 'rest' : 'body';
    // Its end is that of the connection.
    if (this.part === 'rest') head.keepAliveMs = 0;
  }

  /** Of known length, a chunk, or all that comes. */
  private readBody(bytes: Buffer): number {
    const piece = bytes.length > this.bytesLeft ? bytes.subarray(0, this.bytesLeft) : bytes;
    this.bytesLeft -= piece.length;
    if (this.bytesLeft === 0) this.part = this.part === 'chunk' ? 'chunk end' : 'nothing';
    this.sink.onBody(piece);
    return piece.length;
  }

  private beginChunk(line: string): void {
    const size = CHUNK_LINE.exec(line)?.[1];
    if (size === undefined) throw new ProtocolError('the size of a chunk');
    this.bytesLeft = Number.parseInt(size, 16);
    this.part = this.bytesLeft === 0 ? 'trailer' : 'chunk';
    this.trailerBytes = 0;
  }

  private passTrailer(line: string): void {
    this.trailerBytes += line.length;
    if (this.trailerBytes > MAX_HEAD_BYTES) throw new ProtocolError('too many trailers');
    if (line === '') this.part = 'nothing';
  }

  private readLine(bytes: Buffer, maxBytes: number, take: (line: string) => void): number {
    const end = bytes.indexOf(LINE_END);
    if (end > maxBytes || (end < 0 && bytes.length > maxBytes + 1)) throw new ProtocolError('a chunk');
    if (end < 0) return 0;
    take(bytes.toString('latin1', 0, end));
    return end + LINE_END.length;
  }
}
