// Asks PostgreSQL once a second whether there is something to do, as a worker has to. What waking up costs.
import pg from 'pg';
import { answer, cpuMicros, ready } from '../lib/answers.mjs';

const TICK_MS = 1000;

const client = new pg.Client(JSON.parse(process.env.BENCH_DATABASE));
await client.connect();
setInterval(() => void client.query({ name: 'ask', text: 'SELECT 1' }), TICK_MS);

answer({ usage: () => ({ cpuMicros: cpuMicros() }) });
ready();
