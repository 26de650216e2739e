import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrontDoor } from '../../src/incoming-data/http1/front-door.js';
import { type TestApp, createTestApp } from '../support/app.js';
import { type TestAccount, createAccount, registerAdmin, unlimited } from '../support/factories.js';
import { waitFor } from '../support/wait-for.js';

const ALIVE = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n';
const BODY = '{"a":1}';

let app: TestApp;
let door: FrontDoor;
let account: TestAccount;

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  return socket;
}

const head = (more = ''): string =>
  `POST /api/server/incoming_data HTTP/1.1\r\nHost: x\r\nCL-X-TOKEN: ${account.app_secret_token}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${BODY.length}\r\n${more}\r\n`;
const plain = (more = ''): string => head(more) + BODY;

const statusesIn = (answers: string): number[] =>
  Array.from(answers.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));

/** Collects what is answered, for as long as the connection is used. */
class Answers {
  text = '';

  constructor(socket: Socket) {
    socket.setEncoding('latin1').on('data', (chunk: string) => (this.text += chunk));
  }

  async statuses(count: number): Promise<number[]> {
    await waitFor(() => statusesIn(this.text).length >= count, { what: `${count} answers` });
    return statusesIn(this.text);
  }
}

async function countEvents(): Promise<number> {
  const [{ n }] = await app.dataSource.query('SELECT count(*)::int AS n FROM events');
  return n;
}

/** Nothing is stored until `release`; `isWaitedFor` says that an event is to be. */
async function holdStoring() {
  const holder = app.dataSource.createQueryRunner();
  await holder.startTransaction();
  await holder.query('LOCK TABLE event_keys IN EXCLUSIVE MODE');
  const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'event_keys'::regclass`;
  return {
    isWaitedFor: () => waitFor(async () => (await holder.query(waiting)).length > 0),
    release: async () => {
      await holder.commitTransaction();
      await holder.release();
    },
  };
}

async function start(): Promise<void> {
  app = await createTestApp({}, 'api');
  door = app.app.get(FrontDoor);
  const admin = await registerAdmin(app);
  account = await createAccount(app, admin);
  await unlimited(app, admin, account);
}

describe('a connection at the front door', () => {
  beforeAll(start);
  afterAll(() => app?.close());

  it('stays there for as long as its requests are plain', async () => {
    const socket = await open();
    const answers = new Answers(socket);
    for (let count = 1; count <= 3; count++) {
      socket.write(plain());
      expect(await answers.statuses(count)).toEqual(Array.from({ length: count }, () => 202));
      expect(door.size).toBe(1);
    }
    socket.write(ALIVE + plain());
    expect(await answers.statuses(5)).toEqual([202, 202, 202, 200, 202]);
    expect(door.size).toBe(0);
    socket.destroy();
  });

  it.each([
    ['three events', () => plain() + plain() + plain(), [202, 202, 202]],
    ['an event, something else and an event', () => plain() + ALIVE + plain(), [202, 200, 202]],
    [
      'an event for Node between two others',
      () => plain() + plain('Expect: x\r\n') + plain(),
      [202, 202, 202],
    ],
    ['an event and what is no request', () => `${plain()}nonsense\r\n\r\n`, [202, 400]],
  ] as const)('answers %s that come at once', async (_, sent, statuses) => {
    const socket = await open();
    const answers = new Answers(socket);
    socket.write(sent());
    expect(await answers.statuses(statuses.length)).toEqual(statuses);
    socket.destroy();
  });

  it.each<[string, () => string, number[]]>([
    ['events', () => plain() + plain() + plain(), [202, 202, 202]],
    ['an event and half a body', () => plain() + plain().slice(0, -1), [202, 400]],
    ['nothing', () => '', []],
  ])('answers %s that the end of the connection is behind', async (_, sent, statuses) => {
    const socket = await open();
    socket.end(sent());
    expect(statusesIn(await text(socket))).toEqual(statuses);
  });

  it('answers two requests in two pieces, wherever they are cut', async () => {
    const wire = plain() + plain();
    const cuts = Array.from({ length: wire.length - 1 }, (_, index) => index + 1);
    const before = await countEvents();
    await Promise.all(
      cuts.map(async (cut) => {
        const socket = await open();
        const answers = new Answers(socket);
        socket.write(wire.slice(0, cut));
        await turn();
        await turn();
        socket.write(wire.slice(cut));
        expect({ cut, statuses: await answers.statuses(2) }).toEqual({ cut, statuses: [202, 202] });
        socket.destroy();
      }),
    );
    expect(await countEvents()).toBe(before + 2 * cuts.length);
  });

  it('answers in the order of the requests', async () => {
    const unknown = plain().replace(account.app_secret_token, 'unknown');
    const socket = await open();
    const answers = new Answers(socket);
    // From now on it is answered at once.
    socket.write(unknown);
    await answers.statuses(1);
    const storing = await holdStoring();
    socket.write(plain());
    await storing.isWaitedFor();
    socket.write(unknown);
    await turn();
    await turn();
    await storing.release();
    expect(await answers.statuses(3)).toEqual([401, 202, 401]);
    socket.destroy();
  });

  it('waits a second for a body, then Node does', async () => {
    const socket = await open();
    const answers = new Answers(socket);
    socket.write(head() + BODY.slice(0, 3));
    await waitFor(() => door.size === 1);
    await waitFor(() => door.size === 0);
    socket.write(BODY.slice(3));
    expect(await answers.statuses(1)).toEqual([202]);
    socket.write(plain());
    expect(await answers.statuses(2)).toEqual([202, 202]);
    socket.destroy();
  });

  it('stores the event of somebody who goes before the answer, and nothing of half a body', async () => {
    const before = await countEvents();
    const sockets = await Promise.all(Array.from({ length: 20 }, open));
    sockets.forEach((socket, index) => {
      socket.write(index % 2 ? plain() : head() + BODY.slice(0, 3), () => socket.resetAndDestroy());
    });
    await waitFor(() => door.size === 0);
    // Those that were reset before they were read have sent nothing.
    expect(await countEvents()).toBeLessThanOrEqual(before + 10);
    const next = await open();
    next.end(plain());
    expect(statusesIn(await text(next))).toEqual([202]);
  });
});

describe('a server that closes', () => {
  it('ends idle connections, and answers what is under way as the last request', async () => {
    await start();
    const [idle, used, half, busy, fresh] = await Promise.all([open(), open(), open(), open(), open()]);
    const answers = [used, half, busy, fresh].map((socket) => new Answers(socket));
    used.write(plain());
    await answers[0]!.statuses(1);
    half.write(head());
    const storing = await holdStoring();
    busy.write(plain());
    await storing.isWaitedFor();
    expect(door.size).toBe(5);
    const usedEnded = once(used, 'end');
    const closing = app.close();
    await usedEnded;
    const [idleEnded, busyEnded] = [once(idle.resume(), 'end'), once(busy, 'end')];
    half.write(BODY);
    fresh.write(plain());
    await storing.release();
    for (const one of answers.slice(1)) {
      expect(await one.statuses(1)).toEqual([202]);
      expect(one.text).toMatch(/^connection: close/im);
    }
    await idleEnded;
    await busyEnded;
    half.end();
    await closing;
    expect(door.size).toBe(0);
  });

  it('takes in everybody whose connection the kernel holds', async () => {
    await start();
    const port = Number(new URL(app.url).port);
    const waiting = Array.from({ length: 60 }, () => connect(port, '127.0.0.1'));
    for (let goes = 0; goes < 10; goes++) {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => socket.resetAndDestroy());
    }
    const closing = app.close();
    const answers = await Promise.all(waiting.map((socket) => text(socket.end(plain()))));
    expect(answers.flatMap(statusesIn)).toEqual(waiting.map(() => 202));
    await closing;
  });
});
