import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const CHECK_MS = 100;

/**
 * A proxy before several APIs as most installations have one: it asks for their readiness, opens a connection per
 * request, and takes another API where one refuses it. What was sent is never sent twice: a request that breaks off
 * is a failed request.
 */
export class Balancer {
  private server: Server;
  private turn = 0;
  private readonly away = new Set<string>();
  private checks: NodeJS.Timeout;

  constructor(private readonly upstreams: string[]) {}

  async start(): Promise<void> {
    this.server = createServer((incoming, outgoing) => void this.pass(incoming, outgoing));
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.checks = setInterval(
      () => this.upstreams.forEach((upstream) => void this.check(upstream)),
      CHECK_MS,
    );
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    clearInterval(this.checks);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    for (const upstream of this.inTurn()) {
      const refused = await this.forward(upstream, incoming, Buffer.concat(chunks), outgoing);
      if (!refused) return;
    }
    outgoing.writeHead(502).end('no API takes connections');
  }

  /** Whoever was ready when asked last comes first. */
  private inTurn(): string[] {
    const first = this.turn++ % this.upstreams.length;
    const turned = [...this.upstreams.slice(first), ...this.upstreams.slice(0, first)];
    return turned.toSorted((a, b) => Number(this.away.has(a)) - Number(this.away.has(b)));
  }

  private async check(upstream: string): Promise<void> {
    const answer = await fetch(`${upstream}/health/ready`).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.status === 200) this.away.delete(upstream);
    else this.away.add(upstream);
  }

  /** @returns true when nothing was sent because the connection was refused. */
  private forward(
    to: string,
    { method, url, headers }: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse,
  ) {
    return new Promise<boolean>((resolve) => {
      const passed = request(to + url, {
        method,
        headers: { ...headers, connection: 'close' },
        agent: false,
      });
      passed.on('response', (answer) => {
        const { connection: _, ...rest } = answer.headers;
        outgoing.writeHead(answer.statusCode!, rest);
        answer.pipe(outgoing);
        answer.on('error', () => outgoing.destroy());
        resolve(false);
      });
      passed.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') return resolve(true);
        if (!outgoing.headersSent) outgoing.writeHead(502).end(`${to} broke off: ${error.code}`);
        resolve(false);
      });
      passed.end(body);
    });
  }
}
