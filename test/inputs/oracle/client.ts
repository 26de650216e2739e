import { connect } from 'node:net';
import { Pool } from 'undici';
import type { Answer } from './problems.js';

const DEADLINE_MS = 8000;

export interface Call {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: Buffer | string;
}

/** A client that sends bodies and headers as they are and reads answers as bytes. */
export class Client {
  private readonly pool: Pool;
  readonly port: number;

  constructor(url: string) {
    this.pool = new Pool(url, { connections: 32 });
    this.port = Number(new URL(url).port);
  }

  async send({ method, path, headers, body }: Call): Promise<Answer> {
    const answer = await this.pool.request({ method, path, headers, body });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const fields = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return { status: answer.statusCode, headers: Object.fromEntries(fields), body: bytes };
  }

  close(): Promise<void> {
    return this.pool.destroy();
  }

  /**
   * Writes the chunks on a connection of their own and reads the answers until the server hangs up. Our side ends it
   * after `expected` answers, and at once where none is expected without that end.
   */
  exchange(chunks: (Buffer | string)[], expected: number, isCut = false): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      const received: Buffer[] = [];
      const answers = (): Answer[] => readAnswers(Buffer.concat(received));
      const socket = connect(this.port, '127.0.0.1');
      const timer = setTimeout(() => {
        socket.destroy();
        reject(new Error(`after ${DEADLINE_MS} ms it is still open, with ${answers().length} answers`));
      }, DEADLINE_MS);
      socket.on('data', (chunk) => {
        received.push(chunk);
        if (answers().length >= expected) socket.end();
      });
      // The server may hang up while we are still sending; what it answered before counts.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(answers());
      });
      for (const chunk of chunks) socket.write(chunk);
      if (isCut || expected === 0) socket.end();
    });
  }
}

/** All answers in a stream of bytes; framing by Content-Length, which is what the gateway uses. */
function readAnswers(bytes: Buffer): Answer[] {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return bytes.length === 0 ? [] : [{ status: 0, headers: {}, body: bytes }];
  const [start, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  const status = Number(/^HTTP\/1\.[01] (\d{3}) /.exec(`${start} `)?.[1] ?? 0);
  const end = headEnd + 4 + (status < 200 ? 0 : Number(headers['content-length'] ?? 0));
  const answer = { status, headers, body: bytes.subarray(headEnd + 4, end) };
  const rest = readAnswers(bytes.subarray(end));
  return status >= 100 && status < 200 ? rest : [answer, ...rest];
}
