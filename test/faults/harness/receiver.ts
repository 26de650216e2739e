import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Gate } from './gate.js';

export interface Received {
  eventId: string;
  /** The path, which is one destination. */
  destination: string;
  /** As the attempt header says: "2 of 10". */
  attempt: string;
  sha256: string;
  at: number;
  /** When a 2xx was answered; null for anything else. */
  takenAt: number | null;
}

export interface Reply {
  status: number;
  afterMs?: number;
  /** Nothing is answered before. */
  behind?: Gate;
}

/** What to answer; null never answers. `earlier` counts what came before for the same event and destination. */
export type Script = (received: Received, earlier: number) => Reply | null;

/** Destinations on loopback that keep what arrives. Everything is 200 at once unless a script says otherwise. */
export class FaultReceiver {
  records: Received[] = [];
  script: Script = () => ({ status: 200 });
  private server: Server;
  private seen = new Map<string, number>();

  async start(): Promise<void> {
    this.server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const received = {
          eventId: String(request.headers['cl-x-event-id']),
          destination: request.url!,
          attempt: String(request.headers['cl-x-attempt']),
          sha256: createHash('sha256').update(Buffer.concat(chunks)).digest('hex'),
          at: performance.now(),
          takenAt: null,
        };
        this.answer(received, (status) => {
          // Who gave up waiting has not been told anything.
          if (response.destroyed || request.socket.destroyed) return false;
          response.writeHead(status).end();
          return true;
        });
      });
    });
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.records = [];
    this.seen = new Map();
    this.script = () => ({ status: 200 });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(received: Received, send: (status: number) => boolean): void {
    const key = `${received.destination} ${received.eventId}`;
    const earlier = this.seen.get(key) ?? 0;
    this.seen.set(key, earlier + 1);
    this.records.push(received);
    const reply = this.script(received, earlier);
    if (!reply) return;
    const answerNow = () => {
      if (send(reply.status) && reply.status >= 200 && reply.status < 300)
        received.takenAt = performance.now();
    };
    if (reply.behind) void reply.behind.opened.then(answerNow);
    else if (reply.afterMs) setTimeout(answerNow, reply.afterMs);
    else answerNow();
  }
}
