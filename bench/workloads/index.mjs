import * as w1 from './w1.mjs';

export const workloads = [w1];
