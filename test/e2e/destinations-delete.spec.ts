import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

const { path, create, post } = destinationCalls(() => ({ app, owner, account, destination }));

describe('DELETE /accounts/{accountId}/destinations/{id}', () => {
  const remove = (id: string, token?: string) => app.call('DELETE', path(id), { token });

  it('hides it and cancels what was still to deliver, with the reason', async () => {
    const delivery = await addDelivery(app, destination, 'retrying', 3);
    const answer = await remove(destination.id, owner.token);
    expect(answer.status).toBe(204);
    expect(answer.body).toBe('');
    expectProblem(await app.call('GET', path(destination.id), { token: owner.token }), 404, 'not_found');
    const { body } = await app.call('GET', `${path()}?limit=200`, { token: owner.token });
    expect(body.data.map(({ id }: DestinationAnswer) => id)).not.toContain(destination.id);
    expect(await deliveryOf(app, delivery)).toBeUndefined();
    const finished = await app.dataSource.query(
      'SELECT status, attempts, last_error FROM finished_deliveries WHERE id = $1',
      [delivery],
    );
    expect(finished).toEqual([
      { status: 'cancelled', attempts: 3, last_error: 'The destination was deleted.' },
    ]);
    expect(await rowOf(app, destination.id)).toMatchObject({
      updated_by: owner.user.id,
      deleted_at: expect.any(Date),
    });
  });

  it('is 404 for every later call', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => remove(destination.id, owner.token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 404, 404]);
    for (const action of ['pause', 'resume', 'enable', 'rotate-secret'])
      expectProblem(await post(action), 404, 'not_found');
    expectProblem(
      await app.call('GET', path(`${destination.id}/secret`), { token: owner.token }),
      404,
      'not_found',
    );
    expectProblem(
      await app.call('PATCH', path(destination.id), { token: owner.token, body: {} }),
      404,
      'not_found',
    );
  });

  it('is for Admins of the account, in their account', async () => {
    expectProblem(await remove(destination.id), 401, 'unauthenticated');
    expectProblem(await remove(destination.id, member.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner])
      expectProblem(await remove(destination.id, caller.token), 404, 'not_found');
    for (const id of [foreign.id, UNKNOWN, 'abc'])
      expectProblem(await remove(id, owner.token), 404, 'not_found');
    expect((await rowOf(app, foreign.id)).deleted_at).toBeNull();
  });
});
