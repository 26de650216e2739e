import { StringDecoder } from 'node:string_decoder';

/** Keeps the start of a response body and counts the rest. */
export class ResponseExcerpt {
  readBytes = 0;
  private readonly chunks: Buffer[] = [];

  constructor(private readonly keepBytes: number) {}

  /** @param chunk whose memory is valid until it returns */
  add(chunk: Buffer): void {
    if (this.readBytes < this.keepBytes)
      this.chunks.push(Buffer.from(chunk.subarray(0, this.keepBytes - this.readBytes)));
    this.readBytes += chunk.length;
  }

  /** As text that PostgreSQL can store: NUL and invalid UTF-8 become U+FFFD, half a character at the cut is left out. */
  toText(): string | null {
    if (this.readBytes === 0) return null;
    const bytes = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks);
    const isCut = this.readBytes > this.keepBytes;
    const text = isCut ? new StringDecoder('utf8').write(bytes) : bytes.toString('utf8');
    return text.replaceAll('\0', '\uFFFD');
  }
}
