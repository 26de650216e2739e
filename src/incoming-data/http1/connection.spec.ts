import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Connection, type House } from './connection.js';
import { type DirectSocket, directSocket } from './direct-socket.js';

/** More than any system keeps of what is not read. */
const HUGE = 64 * 1024 * 1024;

/** Answers with bodies that are huge, and counts. */
class HugeAnswers implements House {
  readonly isClosing = false;
  readonly maxBodyBytes = 100;
  asked = 0;

  async answer() {
    this.asked++;
    return { status: 202, requestId: 'r', headers: {}, contentType: 'text/plain', body: 'x'.repeat(HUGE) };
  }

  letIn(): void {
    throw new Error('every request is plain');
  }

  left(): void {}
}

it('asks nothing more for somebody who does not read, until they do', async () => {
  const house = new HugeAnswers();
  let serverSide!: DirectSocket;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    serverSide = directSocket(socket);
    return new Connection(serverSide, house);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await accepted;
  const request = 'POST /api/server/incoming_data HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';

  client.write(request);
  while (!serverSide.writableNeedDrain) await turn();
  client.write(request);
  for (let turns = 0; turns < 100; turns++) await turn();
  expect(house.asked).toBe(1);

  client.end();
  const answers = await text(client);
  expect(house.asked).toBe(2);
  expect(answers.length).toBeGreaterThan(2 * HUGE);
  server.close();
});
