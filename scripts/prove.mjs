import { prepare } from './prepare.mjs';

await prepare({ build: true, dev: true });
const { buildFaultProduct, buildProve } = await import('../test/faults/build/build.mjs');
await buildFaultProduct();
await buildProve();
await import('../dist/fault-build/prove/prove.js');
