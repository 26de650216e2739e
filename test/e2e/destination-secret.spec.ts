import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeliverableDestination, DestinationReader } from '../../src/destinations/destination-reader.js';
import { type TestApp, createTestApp } from '../support/app.js';
import {
  type DestinationAnswer,
  SECRET_HEADERS,
  URL_A,
  createTwoAccountsWithDestination,
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

describe('the signing secret', () => {
  const secret = async (token = owner.token, id = destination.id) =>
    app.call('GET', path(`${id}/secret`), { token });
  const deliverable = async () =>
    (await app.app.get(DestinationReader, { strict: false }).forDelivery([destination.id])).get(
      destination.id,
    ) as DeliverableDestination;

  it('is made by the server and shown by its own call', async () => {
    const answer = await secret();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ signing_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) });
    expect(destination).not.toHaveProperty('signing_secret');
    expect((await deliverable()).signingSecrets).toEqual([answer.body.signing_secret]);
  });

  it('is replaced at once without grace', async () => {
    const before = (await secret()).body.signing_secret;
    const answer = await post('rotate-secret');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      signing_secret: expect.stringMatching(/^whsec_/),
      previous_expires_at: null,
    });
    expect(answer.body.signing_secret).not.toBe(before);
    expect((await secret()).body.signing_secret).toBe(answer.body.signing_secret);
    expect((await deliverable()).signingSecrets).toEqual([answer.body.signing_secret]);
    expect(await read()).toMatchObject({ version: 2 });
  });

  it('signs beside the new one while its grace lasts', async () => {
    const first = (await secret()).body.signing_secret;
    const { body } = await post('rotate-secret', owner.token, { grace_seconds: 3600 });
    const remaining = Date.parse(body.previous_expires_at) - Date.now();
    expect(remaining).toBeGreaterThan(3_500_000);
    expect(remaining).toBeLessThan(3_700_000);
    const during = await deliverable();
    expect(during.signingSecrets).toEqual([body.signing_secret, first]);
    expect(during.previousSecretExpiresAt!.toISOString()).toBe(body.previous_expires_at);
    await app.dataSource.query(
      `UPDATE destinations SET previous_secret_expires_at = now() - interval '1 second' WHERE id = $1`,
      [destination.id],
    );
    expect(await deliverable()).toMatchObject({
      signingSecrets: [body.signing_secret],
      previousSecretExpiresAt: null,
    });
  });

  it('drops the one before the last at the next rotation', async () => {
    const second = (await post('rotate-secret', owner.token, { grace_seconds: 3600 })).body.signing_secret;
    const third = (await post('rotate-secret', owner.token, { grace_seconds: 3600 })).body.signing_secret;
    expect((await deliverable()).signingSecrets).toEqual([third, second]);
    const fourth = (await post('rotate-secret', owner.token, { grace_seconds: 0 })).body.signing_secret;
    expect((await deliverable()).signingSecrets).toEqual([fourth]);
  });

  it.each([
    ['a negative grace', { grace_seconds: -1 }, 'grace_seconds'],
    ['a grace of more than a week', { grace_seconds: 604_801 }, 'grace_seconds'],
    ['a grace that is text', { grace_seconds: '1' }, 'grace_seconds'],
    ['a null grace', { grace_seconds: null }, 'grace_seconds'],
    ['a secret of its own', { signing_secret: 'whsec_mine' }, 'signing_secret'],
  ])('refuses %s', async (_, body, field) => {
    expectProblem(await post('rotate-secret', owner.token, body), 400, 'invalid_data', field);
  });

  it('is for Admins of the account, in their account', async () => {
    expectProblem(await app.call('GET', path(`${destination.id}/secret`)), 401, 'unauthenticated');
    expectProblem(await app.call('POST', path(`${destination.id}/rotate-secret`)), 401, 'unauthenticated');
    expectProblem(await secret(member.token), 403, 'forbidden');
    expectProblem(await post('rotate-secret', member.token), 403, 'forbidden');
    for (const caller of [stranger, otherOwner]) {
      expectProblem(await secret(caller.token), 404, 'not_found');
      expectProblem(await post('rotate-secret', caller.token), 404, 'not_found');
    }
    for (const id of [foreign.id, UNKNOWN, 'abc']) {
      expectProblem(await secret(owner.token, id), 404, 'not_found');
      expectProblem(await post('rotate-secret', owner.token, {}, id), 404, 'not_found');
    }
    expect((await rowOf(app, foreign.id)).version).toBe(1);
  });
});
