import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Connection, type House } from './connection.js';
import { directSocket } from './direct-socket.js';

/** More than any system keeps of what is not read. */
const HUGE = 64 * 1024 * 1024;
const REQUEST = 'POST /api/server/incoming_data HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';

/** Answers with bodies of a length, and counts. */
class Answers implements House {
  isClosing = false;
  readonly maxBodyBytes = 100;
  asked = 0;

  constructor(private readonly bytes: number) {}

  async answer() {
    this.asked++;
    return {
      status: 202,
      requestId: 'r',
      headers: {},
      contentType: 'text/plain',
      body: 'x'.repeat(this.bytes),
    };
  }

  letIn(): void {
    throw new Error('every request is plain');
  }

  left(): void {}
}

async function connected(house: House) {
  let connection!: Connection;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connection = new Connection(directSocket(socket), house);
    return connection;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await accepted;
  return { client, connection, server };
}

it('asks nothing more for somebody who does not read, until they do', async () => {
  const house = new Answers(HUGE);
  const { client, connection, server } = await connected(house);

  client.write(REQUEST);
  while (!connection.socket.writableNeedDrain) await turn();
  client.write(REQUEST);
  for (let turns = 0; turns < 100; turns++) await turn();
  expect(house.asked).toBe(1);

  client.end();
  const answers = await text(client);
  expect(house.asked).toBe(2);
  expect(answers.length).toBeGreaterThan(2 * HUGE);
  server.close();
});

it('takes nothing more once it ends, and sends all that it has', async () => {
  const house = new Answers(8000);
  const { client, connection, server } = await connected(house);
  const { socket } = connection;

  let written = 0;
  while (socket.writableLength === 0) {
    client.write(REQUEST);
    written += REQUEST.length;
    while (socket.bytesRead < written) await turn();
  }
  const { asked } = house;
  house.isClosing = true;
  connection.close();
  client.write(REQUEST);
  while (socket.bytesRead === written) await turn();

  const answers = await text(client);
  expect(house.asked).toBe(asked);
  expect(answers.match(/HTTP/g)).toHaveLength(asked);
  server.close();
});
