import { expect } from 'vitest';
import type { TestApp } from './app.js';
import { type TestAccount, type TestUser, createDestination } from './factories.js';
import { sendEvent } from './incoming-data.js';
import type { Receiver } from './receiver.js';
import { waitFor } from './wait-for.js';

export interface Balance {
  matched_deliveries: number;
  delivered: number;
  pending: number;
  retrying: number;
  held: number;
  failed: number;
  cancelled: number;
  balanced: boolean;
  difference: number;
  missing: number;
  surplus: number;
}

export interface Reconciliation extends Balance {
  from: string;
  to: string;
  complete_since: string | null;
  accepted_events: number;
  others: { origin: string; delivered: number; pending: number; retrying: number }[];
  destinations: (Balance & { destination_id: string; url: string })[];
}

export interface EventState {
  event_id: string;
  state: string;
  account_id: string | null;
  id: string | null;
  accepted_at: string | null;
  body_sha256: string | null;
  destinations: string[] | null;
  counts: Record<string, number> | null;
  others: Record<string, number> | null;
}

interface Scene {
  app: TestApp;
  admin: TestUser;
  account: TestAccount;
  receiver: Receiver;
}

/**
 * Calls about `account`, and about all accounts where the path is empty, made by `admin`.
 * @param scene asked at every call, as every test has an account of its own.
 */
export function reconciliationCalls(scene: () => Scene) {
  const path = () => `/accounts/${scene().account.id}`;
  const call = (method: string, where: string, body?: object) =>
    scene().app.call(method, where, { token: scene().admin.token, body });

  /** Where nothing else is said, it takes every event to the receiver. */
  const destination = async (body: object = {}): Promise<string> => {
    const { app, admin, account, receiver } = scene();
    return (await createDestination(app, admin, account, { url: `${receiver.url}/hook`, ...body })).id;
  };

  const send = async (eventId: string, body = '{"n":1}', sender = scene().account): Promise<void> => {
    const answer = await sendEvent(scene().app, sender, body, { 'cl-x-event-id': eventId });
    expect(answer.status).toBe(202);
  };

  const reconcile = async (query = '', where = path()): Promise<Reconciliation> => {
    const answer = await call('GET', `${where}/reconciliation${query}`);
    expect(answer).toMatchObject({ status: 200 });
    return answer.body;
  };

  const statesOf = async (eventIds: string[], where = path()): Promise<EventState[]> => {
    const answer = await call('POST', `${where}/reconciliation`, { event_ids: eventIds });
    expect(answer).toMatchObject({ status: 200 });
    return answer.body.data;
  };

  const change = (id: string, action: string) => call('POST', `${path()}/destinations/${id}/${action}`);

  const settled = () =>
    waitFor(async () => {
      const { pending, retrying } = await reconcile();
      return pending + retrying === 0;
    });

  return { destination, send, reconcile, statesOf, change, settled };
}
