import type { Fault } from '../harness/fault.js';
import { killApi } from './f01-kill-api.js';
import { rollingRestart, stopApi } from './f02-stop-api.js';
import { freezeApi } from './f03-freeze-api.js';
import { killBoth, killWorker } from './f04-kill-worker.js';
import { stopBoth, stopWorker } from './f05-stop-worker.js';
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
import { fullDisk } from './f15-full-disk.js';
import { scarce } from './f16-scarce.js';
import { blockWorker } from './f17-clocks.js';
import { hostileReceivers } from './f18-hostile-receivers.js';
import { dropDays } from './f19-retention.js';
import { changes } from './f20-changes.js';

export const faults: Fault[] = [
  killApi,
  stopApi,
  freezeApi,
  killWorker,
  killBoth,
  stopWorker,
  stopBoth,
  freezeWorker,
  killDatabase,
  restartDatabase,
  freezeDatabase,
  terminateBackends,
  loseReply,
  lockTable,
  exhaustConnections,
  redisFaults,
  fullDisk,
  scarce,
  blockWorker,
  hostileReceivers,
  dropDays,
  changes,
  rollingRestart,
];
