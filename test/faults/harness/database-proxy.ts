import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { DatabaseConnection } from '../../../src/config/app-config.js';

/** Between the product and PostgreSQL, to lose the reply to a COMMIT. */
export class DatabaseProxy {
  /** In what is sent for a reply that may be lost: the name of the prepared statement that stores events. */
  marker = 'accept_events';
  /** Replies still to be lost. */
  toLose = 0;
  lost = 0;
  private server: Server;
  private readonly sockets = new Set<Socket>();

  /** @returns where to connect instead. */
  async start({ host, port, ...rest }: DatabaseConnection): Promise<DatabaseConnection> {
    const socket = `${host}/.s.PGSQL.${port}`;
    this.server = createServer((client) => this.pipe(client, connect(socket)));
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return { ...rest, host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  stop(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server?.close();
  }

  private pipe(client: Socket, server: Socket): void {
    let isStoring = false;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', end).on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      if (this.toLose > 0 && chunk.includes(this.marker)) isStoring = true;
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      if (isStoring && this.toLose > 0) {
        // The server answers after COMMIT: it is stored, and the product will never hear of it.
        this.toLose--;
        this.lost++;
        end();
      } else client.write(chunk);
    });
  }
}
