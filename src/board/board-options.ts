import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { BoardHooks, UIConfig } from '@bull-board/api/typings/app';
import type { Queue } from 'bullmq';
import type { DeliveryJob, DeliveryJobResult } from '../delivery/contract.js';
import { SIGN_OUT_PATH } from './board-access.js';

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const DAY = { month: 'short', day: '2-digit' } as const;

/** What an operator has to know before the first click, in the one line that the board has for it. */
const DESCRIPTION = 'Jobs are only hints: the log of an account has every delivery.';

export function showDeliveries(queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, { displayName: 'Deliveries', description: DESCRIPTION });
  // Whatever else is in the queue, one odd job must not hide the others.
  adapter.setFormatter('data', ({ accounts = [], ...rest }: Partial<DeliveryJob>) => ({
    accounts: accounts.map(({ id, name }) => `${name} (${id})`),
    ...rest,
  }));
  adapter.setFormatter(
    'returnValue',
    (result: DeliveryJobResult | null) =>
      result && Object.fromEntries(Object.entries(result).filter(([, count]) => count > 0)),
  );
  return adapter;
}

export const uiConfig: UIConfig = {
  boardTitle: 'Data Pusher',
  hideDocsLink: true,
  hideRedisDetails: true,
  showWorkers: false,
  dateFormats: { short: CLOCK, common: { ...DAY, ...CLOCK }, full: { year: 'numeric', ...DAY, ...CLOCK } },
  miscLinks: [
    { text: 'API', url: '/swagger' },
    { text: 'Sign out', url: SIGN_OUT_PATH },
  ],
};

const HARMLESS = /\/(retry|promote|clean|resume|empty)\b/;

/** What the board offers but would not do what it says, because a job is only a hint to deliver. */
export const refuseWhatMisleads: BoardHooks = {
  before: ({ method, route }) =>
    method === 'get' || HARMLESS.test(route)
      ? undefined
      : {
          allow: false,
          status: 403,
          message:
            'Deliveries are made from the database, whatever is done to the queue. To stop those of a ' +
            'destination, pause it through the API.',
        },
};
