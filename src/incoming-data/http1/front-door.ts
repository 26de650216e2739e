import { Inject, Injectable } from '@nestjs/common';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ProblemFilter } from '../../common/errors/problem.filter.js';
import { requestIdOf } from '../../common/http/request-id.js';
import { SLOW_CLIENTS_MS } from '../../common/http/timeouts.js';
import { LOGGER } from '../../common/logger.js';
import { AppConfig } from '../../config/app-config.js';
import { readEventId } from '../event-id.js';
import { IncomingDataService } from '../incoming-data.service.js';
import { expectJson } from '../ingest-body.js';
import { IngestMetrics } from '../ingest-metrics.js';
import { ProducerChecks } from '../producer-checks.js';
import { type Answer, problemAnswer, receiptAnswer } from './answer.js';
import { Connection, type House } from './connection.js';
import { type DirectSocket, directSocket } from './direct-socket.js';
import { type PlainRequest, ROUTE } from './plain-request.js';

/** What is larger is rare, and its own work far more than that of a request. */
const MAX_PLAIN_BODY_BYTES = 64 * 1024;

/** As long whoever connects while the server closes is let in. */
const LAST_ONES_MS = 5000;

/** What gives connections to Node's server, as it would have got them. */
type ToNode = (socket: Socket) => void;

/**
 * Takes connections before Node does and answers plain requests with events itself, by the same checks and with the
 * same answers as the operation `receiveData`. With the first request that is anything else, a connection goes to Node,
 * Fastify and Nest, which take as much CPU for a request as checking and storing its event (bench/README.md).
 */
@Injectable()
export class FrontDoor implements House {
  isClosing = false;
  readonly maxBodyBytes: number;
  private readonly connections = new Set<Connection>();
  /** Who connected while the server closes: not answered until nobody else waits to be let in. */
  private lastOnes: DirectSocket[] | null = null;
  private toNode!: ToNode;
  private problems!: ProblemFilter;

  constructor(
    config: AppConfig,
    private readonly checks: ProducerChecks,
    private readonly incomingData: IncomingDataService,
    private readonly metrics: IngestMetrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.maxBodyBytes = Math.min(MAX_PLAIN_BODY_BYTES, config.env.MAX_BODY_BYTES);
  }

  /** Connections that have brought nothing but plain requests so far. */
  get size(): number {
    return this.connections.size;
  }

  /** @param server that has no connection yet */
  open(server: Server, problems: ProblemFilter): void {
    const listeners = server.listeners('connection') as ToNode[];
    this.toNode = (socket) => listeners.forEach((listener) => listener.call(server, socket));
    this.problems = problems;
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (this.isClosing) this.toNode(socket);
      else if (this.lastOnes) this.lastOnes.push(directSocket(socket).on('error', ignore));
      else this.connections.add(new Connection(directSocket(socket), this));
    });
  }

  /** Ends every connection once nobody waits for an answer on it. The server is to be closed at once then. */
  async close(): Promise<void> {
    setTimeout(() => {
      for (const { socket } of this.connections) socket.destroy();
    }, SLOW_CLIENTS_MS).unref();
    await this.letLastOnesIn();
    this.isClosing = true;
    for (const connection of this.connections) connection.close();
  }

  left(connection: Connection): void {
    this.connections.delete(connection);
  }

  letIn(connection: Connection, unanswered: Buffer): void {
    const { socket } = connection;
    this.connections.delete(connection);
    this.toNode(socket);
    if (unanswered.length > 0) socket.unshift(unanswered);
    socket.resume();
  }

  async answer(request: PlainRequest, body: Buffer): Promise<Answer> {
    const requestId = requestIdOf(request.requestId);
    const answer = await this.receive(request, requestId, body);
    const durationMs = performance.now() - request.since;
    this.metrics.answered(answer.status, durationMs / 1000);
    this.logger.debug(
      {
        request_id: requestId,
        method: 'POST',
        route: ROUTE,
        status: answer.status,
        duration_ms: Math.round(durationMs * 10) / 10,
      },
      'request.answered',
    );
    return answer;
  }

  /**
   * The kernel accepts connections before we do and resets those it still holds when a server closes: all that came
   * while a process had no time. Node takes one of them in each turn of its loop, so nothing else is done meanwhile: beside
   * answers, on a machine that had no time either, three hundred of them took five seconds; without, five hundred took 0.4.
   */
  private async letLastOnesIn(): Promise<void> {
    const until = performance.now() + LAST_ONES_MS;
    const lastOnes: DirectSocket[] = (this.lastOnes = []);
    // This turn may be beyond the place where it takes one.
    await turn();
    for (let before = -1; before < lastOnes.length && performance.now() < until;) {
      before = lastOnes.length;
      await turn();
    }
    this.lastOnes = null;
    for (const socket of lastOnes)
      if (!socket.destroyed) this.connections.add(new Connection(socket.off('error', ignore), this));
  }

  private async receive(request: PlainRequest, requestId: string, body: Buffer): Promise<Answer> {
    let headers: Record<string, string> = {};
    try {
      const found = this.checks.accountOf(request.token);
      const account = found instanceof Promise ? await found : found;
      const counted = this.checks.count(account);
      headers = counted instanceof Promise ? await counted : counted;
      const eventId = readEventId(request.eventId, account.requireEventId);
      expectJson(request.contentType, undefined);
      const receipt = await this.incomingData.accept(account, eventId, body, requestId);
      return receiptAnswer(receipt, requestId, headers);
    } catch (error) {
      // Until its event is handed over, which then says by itself what became of it, a request only reads.
      return problemAnswer(this.problems.toProblem(error, requestId, true), requestId, headers);
    }
  }
}

const ignore = (): void => undefined;
