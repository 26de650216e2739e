import type { Fault } from '../harness/fault.js';
import { killApi } from './f01-kill-api.js';
import { killWorker } from './f04-kill-worker.js';
import { stopWorker } from './f05-stop-worker.js';
import { killDatabase } from './f07-kill-database.js';
import { redisFaults } from './f14-redis.js';

export const faults: Fault[] = [killApi, killWorker, stopWorker, killDatabase, redisFaults];
