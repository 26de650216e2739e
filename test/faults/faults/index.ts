import type { Fault } from '../harness/fault.js';
import { killApi } from './f01-kill-api.js';
import { rollingRestart, stopApi } from './f02-stop-api.js';
import { freezeApi } from './f03-freeze-api.js';
import { killWorker } from './f04-kill-worker.js';
import { stopWorker } from './f05-stop-worker.js';
import { freezeWorker } from './f06-freeze-worker.js';
import { killDatabase } from './f07-kill-database.js';
import {
  exhaustConnections,
  freezeDatabase,
  restartDatabase,
  terminateBackends,
} from './f08-database-away.js';
import { loseReply } from './f11-lost-reply.js';
import { lockTable } from './f12-locked-table.js';
import { redisFaults } from './f14-redis.js';

export const faults: Fault[] = [
  killApi,
  stopApi,
  freezeApi,
  killWorker,
  stopWorker,
  freezeWorker,
  killDatabase,
  restartDatabase,
  freezeDatabase,
  terminateBackends,
  loseReply,
  lockTable,
  exhaustConnections,
  redisFaults,
  rollingRestart,
];
