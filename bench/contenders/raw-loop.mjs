// C3: a loop that signs a body and posts it with undici, so many at a time. What a delivery costs at the least.
import { createHmac, randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { answer, cpuMicros, ready } from '../lib/answers.mjs';

const CONCURRENCY = 64;
const KEY = Buffer.alloc(32, 1);

async function run({ url, body, count = Infinity, seconds = Infinity }) {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: CONCURRENCY });
  const payload = Buffer.from(body);
  const cpuBefore = cpuMicros();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  let sent = 0;
  const loop = async () => {
    while (sent < count && performance.now() < until) {
      sent++;
      await post(pool, pathname, payload);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, loop));
  const took = (performance.now() - startedAt) / 1000;
  const used = cpuMicros() - cpuBefore;
  await pool.close();
  return { deliveries: sent, seconds: took, cpuMicros: used };
}

async function post(pool, path, payload) {
  const id = randomUUID();
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', KEY).update(`${id}.${timestamp}.`).update(payload).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': `${timestamp}`,
    'webhook-signature': `v1,${signature}`,
  };
  const { body } = await pool.request({ path, method: 'POST', headers, body: payload });
  await body.dump();
}

answer({ run });
ready();
