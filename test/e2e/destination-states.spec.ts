import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DestinationReader } from '../../src/destinations/destination-reader.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type DestinationAnswer,
  SECRET_HEADERS,
  URL_A,
  addDelivery,
  createTwoAccountsWithDestination,
  deliveryOf,
  destinationCalls,
  rowOf,
} from '../support/destinations.js';
import { type TestAccount, type TestUser, UNKNOWN } from '../support/factories.js';
import { expectProblem } from '../support/problems.js';

let app: TestApp;
let owner: TestUser;
let member: TestUser;
let otherOwner: TestUser;
let stranger: TestUser;
let account: TestAccount;
let foreign: { id: string };
let destination: DestinationAnswer;

beforeAll(async () => {
  app = await createTestApp();
  ({ owner, member, otherOwner, stranger, account, foreign } = await createTwoAccountsWithDestination(app));
});

beforeEach(async () => {
  destination = (await create({ url: URL_A, headers: SECRET_HEADERS })).body;
});

afterAll(() => app?.close());

const { path, create, read, post } = destinationCalls(() => ({ app, owner, account, destination }));

describe('pausing, resuming and enabling', () => {
  const disable = () =>
    app.app.get(DestinationReader, { strict: false }).disable(destination.id, 'It answered 410.');

  it('holds what waits while paused and makes it due when resumed', async () => {
    const [fresh, retrying] = [
      await addDelivery(app, destination),
      await addDelivery(app, destination, 'retrying', 2),
    ];
    const paused = await post('pause');
    expect(paused.status).toBe(200);
    expect(paused.headers.get('etag')).toBe('"2"');
    expect(paused.body).toMatchObject({
      state: 'paused',
      disabled_reason: null,
      version: 2,
      updated_by: owner.user.id,
    });
    for (const id of [fresh, retrying])
      expect(await deliveryOf(app, id)).toMatchObject({ status: 'held', held: true });
    const resumed = await post('resume');
    expect(resumed.body).toMatchObject({ state: 'active', version: 3 });
    const rows = await app.dataSource.query(
      `SELECT count(*)::int AS held FROM deliveries WHERE destination_id = $1 AND status = 'held'`,
      [destination.id],
    );
    expect(rows).toEqual([{ held: 0 }]);
  });

  it('changes nothing when the state is there already', async () => {
    expect((await post('resume')).body).toEqual(destination);
    expect((await post('enable')).body).toEqual(destination);
    const paused = (await post('pause')).body;
    expect((await post('pause')).body).toEqual(paused);
  });

  it('enables what was disabled; resuming or pausing it is 409 and says so', async () => {
    const delivery = await addDelivery(app, destination);
    expect(await disable()).toBe(true);
    expect(await deliveryOf(app, delivery)).toMatchObject({ status: 'held', held: true });
    expect(await read()).toMatchObject({
      state: 'disabled',
      disabled_reason: 'It answered 410.',
      version: 2,
    });
    for (const action of ['resume', 'pause']) {
      const answer = await post(action);
      expectProblem(answer, 409, 'conflict');
      expect(answer.body.detail).toContain('enable it');
    }
    const enabled = await post('enable');
    expect(enabled.status).toBe(200);
    expect(enabled.body).toMatchObject({ state: 'active', disabled_reason: null, version: 3 });
  });

  it('does not enable what is paused, nor disable it', async () => {
    await post('pause');
    const answer = await post('enable');
    expectProblem(answer, 409, 'conflict');
    expect(answer.body.detail).toContain('resume it');
    expect(await disable()).toBe(false);
    expect((await read()).state).toBe('paused');
  });

  it.each(['pause', 'resume', 'enable'])(
    '%s is for Admins of the account, in their account',
    async (action) => {
      expectProblem(await app.call('POST', path(`${destination.id}/${action}`)), 401, 'unauthenticated');
      expectProblem(await post(action, member.token), 403, 'forbidden');
      for (const caller of [stranger, otherOwner])
        expectProblem(await post(action, caller.token), 404, 'not_found');
      for (const id of [foreign.id, UNKNOWN, 'abc'])
        expectProblem(await post(action, owner.token, undefined, id), 404, 'not_found');
      expect((await rowOf(app, foreign.id)).state).toBe('active');
    },
  );
});
