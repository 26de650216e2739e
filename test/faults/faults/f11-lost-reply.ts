import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseProxy } from '../harness/database-proxy.js';
import type { Fault } from '../harness/fault.js';
import { onlyAccepted } from './f08-database-away.js';

const proxy = new DatabaseProxy();

/** PostgreSQL commits and its reply never arrives: nobody knows, so it is 503, and the repeat finds it stored. */
export const loseReply: Fault = {
  id: 'F11',
  title: 'the reply to COMMIT is lost',
  rig: {
    databaseUrl: async (database) => {
      const { user, password, port, database: name } = await proxy.start(database.connection);
      return `postgresql://${user}:${password}@127.0.0.1:${port}/${name}`;
    },
  },
  async run(round, { times }) {
    const { producer } = round;
    producer.run(60);
    for (let time = 0; time < times * 4; time++) {
      proxy.toLose = 1;
      await sleep(400);
    }
    await producer.finish();
    onlyAccepted(round);
    const stored = [...producer.ledger.values()].filter(({ status }) => status === 200).length;
    round.note(`${proxy.lost} replies lost, ${stored} events were found stored when they came again`);
    round.check(proxy.lost > 0, 'no reply was lost');
    round.check(
      stored >= proxy.lost,
      `${proxy.lost} replies were lost, but ${stored} repeats were answered 200`,
    );
    return { duplicates: 0 };
  },
};
