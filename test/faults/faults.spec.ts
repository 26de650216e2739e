import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownRedisAvailable } from '../support/redis.js';
import { defects } from './build/defects.mjs';
import { killApi, killApiAt, killApiBeforeBegin } from './faults/f01-kill-api.js';
import { killWorker, killWorkerAt } from './faults/f04-kill-worker.js';
import { stopWorker } from './faults/f05-stop-worker.js';
import { freezeWorker } from './faults/f06-freeze-worker.js';
import { killDatabase } from './faults/f07-kill-database.js';
import { redisFaults } from './faults/f14-redis.js';
import { slowReceiver } from './faults/slow-receiver.js';
import { type Fault, runFault, short } from './harness/fault.js';
import { root } from './harness/paths.js';
import { Rig } from './harness/rig.js';

/** The short form of npm run prove: every schedule comes from this. */
const seed = 20260101;

/** The fault that each defect cannot survive, and what the oracle has to say of it. */
const findings: Record<string, { fault: Fault; says: RegExp }> = {
  no_sweeper: { fault: killApiAt('queue.before_add'), says: /\d+ lost/ },
  no_lease: { fault: slowReceiver, says: /\d+ delivered again, at most 0/ },
  no_fencing: { fault: freezeWorker, says: /\d+ deliveries have another number of attempts/ },
  answer_first: { fault: killApiBeforeBegin, says: /\d+ lost/ },
  record_first: { fault: killWorkerAt('attempt.before_connect'), says: /\d+ lost/ },
};

describe('under faults', { timeout: 120_000 }, () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await Rig.start();
  }, 60_000);

  afterAll(() => rig?.stop());

  it.each([killApi, killWorker, stopWorker, freezeWorker, killDatabase, slowReceiver])(
    'loses nothing: $id $title',
    async (fault) => {
      const verdict = await runFault(fault, { seed, scale: short, rig });
      expect(verdict.problems).toEqual([]);
      expect(verdict.accepted).toBeGreaterThan(0);
    },
  );

  it.runIf(ownRedisAvailable())(`loses nothing: ${redisFaults.id} ${redisFaults.title}`, async () => {
    const verdict = await runFault(redisFaults, { seed, scale: short });
    expect(verdict.problems).toEqual([]);
    expect(verdict.accepted).toBeGreaterThan(0);
  });

  it.each(defects)('is found out by the oracle when broken: $name, $about', async ({ name }) => {
    const { fault, says } = findings[name]!;
    await rig.startAfresh({ FAULT_DEFECT: name });
    const verdict = await runFault(fault, { seed, scale: short, rig, drainMs: 5000 });
    expect(verdict.problems).toContainEqual(expect.stringMatching(says));
  });
});

describe('what is shipped', () => {
  it('holds nothing of the failpoints and the defects', () => {
    const folder = join(root, 'dist/bundle/app');
    const holding = readdirSync(folder).filter((file) =>
      /FAULT_DEFECT|FAULT_CLOCK|a test made/.test(readFileSync(join(folder, file), 'utf8')),
    );
    expect(holding).toEqual([]);
    const module = readFileSync(join(root, 'dist/src/common/fault-injection.js'), 'utf8');
    expect(module).toMatch(/failpoint\(_place\) \{\s+return undefined;\s+\}/);
  });
});
