import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../support/wait-for.js';
import { mayRepeat } from '../harness/bounds.js';
import type { Fault } from '../harness/fault.js';
import { setLimit } from '../harness/limits.js';
import type { Round } from '../harness/round.js';
import { acceptsAgain, onlyAccepted } from './f08-database-away.js';

const MEBIBYTE = 1024 * 1024;
/** Segments of the WAL have exactly this size, so files of data are full first. */
const DATA_LIMIT = 16 * MEBIBYTE;
const WAL_LIMIT = 4 * MEBIBYTE;
const BACK_MS = 20_000;

/** No file may grow: of data, then of the write-ahead log, which ends the server. What was acknowledged is there. */
export const fullDisk: Fault = {
  id: 'F15',
  title: 'files of data full, WAL full',
  round: { largestBytes: 120_000 },
  async run(round, { slackMs }) {
    const { rig, producer } = round;
    producer.run(60);
    setLimit(rig.database.pids, 'fsize', DATA_LIMIT);
    await refusing(round, 'the files of data');
    setLimit(rig.database.pids, 'fsize', 'unlimited');
    await acceptsAgain(round, BACK_MS + slackMs);
    // Workers try again once a second to write down what they delivered meanwhile.
    await round.recorded(BACK_MS + slackMs);
    const from = performance.now();
    const ended = rig.database.ended();
    setLimit(rig.database.pids, 'fsize', WAL_LIMIT);
    const [bound] = await Promise.all([
      ended.then(() => mayRepeat(round, rig.workers.length, from)),
      refusing(round, 'the WAL'),
    ]);
    // The next server finds room.
    await acceptsAgain(round, BACK_MS + slackMs);
    await producer.finish();
    onlyAccepted(round);
    return { duplicates: bound };
  },
};

async function refusing({ producer }: Round, what: string): Promise<void> {
  const from = performance.now();
  const refused = () => producer.answers.filter((answer) => answer.at > from && answer.what === 503).length;
  await waitFor(() => refused() > 5, { timeoutMs: 60_000, what: `503 because ${what} are full` });
  await sleep(1000);
}
