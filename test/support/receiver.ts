import { type IncomingHttpHeaders, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What to answer to the n-th request (from 0); a number is a status. */
export type Script = (
  request: ReceivedRequest,
  index: number,
  response: ServerResponse,
) => number | undefined | void;

export interface Receiver {
  url: string;
  requests: ReceivedRequest[];
  /** Replaces how requests are answered from now on. */
  answer(script: Script): void;
  close(): Promise<void>;
}

/** A real HTTP destination that keeps what it receives and answers by a script; 200 without one. */
export async function startReceiver(initial: Script = () => 200): Promise<Receiver> {
  let script = initial;
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const received = {
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks),
      };
      const index = requests.push(received) - 1;
      const status = script(received, index, response);
      if (status !== undefined) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (next) => {
      script = next;
    },
    close: () => closeServer(server),
  };
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
