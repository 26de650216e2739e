import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { directSocket } from './direct-socket.js';

it('gives bytes without a stream, then to it, and is counted until it ends', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const socket = directSocket(accepted);
  // Else this version of Node has no such handle, and each read costs what it did.
  expect(socket).not.toBe(accepted);

  const taken = new Promise<string>((resolve) => {
    socket.onBytes = (bytes) => {
      resolve(bytes.toString());
      return true;
    };
  });
  client.write('first');
  expect(await taken).toBe('first');
  expect(socket.readableLength).toBe(0);

  socket.onBytes = () => false;
  client.end('second');
  expect(String((await once(socket, 'data'))[0])).toBe('second');

  const closed = once(server, 'close');
  server.close();
  socket.end();
  await closed;
});
