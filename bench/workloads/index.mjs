import * as w1 from './w1.mjs';
import * as w1r from './w1r.mjs';
import * as w2 from './w2.mjs';
import * as w3 from './w3.mjs';
import * as w4 from './w4.mjs';
import * as w5 from './w5.mjs';
import * as w6 from './w6.mjs';
import * as w7 from './w7.mjs';
import * as w8 from './w8.mjs';
import * as w9 from './w9.mjs';
import * as w10 from './w10.mjs';
import * as w14 from './w14.mjs';

export const workloads = [w1, w1r, w2, w3, w4, w5, w6, w7, w8, w9, w10, w14];
