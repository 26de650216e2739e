import { prepare } from './prepare.mjs';
import { readOptions } from './usage.mjs';

readOptions(
  'prove',
  'Breaks things under load and judges what became of every event: every fault, or those that are named, such as F7.',
  {
    fault: { type: 'string', multiple: true },
    seed: { type: 'string' },
    soak: { type: 'string' },
    short: { type: 'boolean' },
  },
  'fault',
);

await prepare({ build: true, dev: true });
const { buildFaultProduct, buildProve } = await import('../test/faults/build/build.mjs');
await buildFaultProduct();
await buildProve();
await import('../dist/fault-build/prove/prove.js');
