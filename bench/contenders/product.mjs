// The product as built, API and worker in one process, with one account, one destination and no rate limit
// that matters. Reports its port and the token to post with.
import 'reflect-metadata';
import { createApp } from '../../dist/src/app.setup.js';
import { AppConfig } from '../../dist/src/config/app-config.js';
import { readEnv } from '../../dist/src/config/env.js';
import { migrate } from '../../dist/src/database/migrate.js';

const database = JSON.parse(process.env.BENCH_DATABASE);
const env = readEnv({ LOG_LEVEL: 'warn', EGRESS_ALLOW: 'loopback', REDIS_URL: process.env.REDIS_URL });
const secrets = {
  jwtSecret: 'a secret for measuring only, never used elsewhere',
  encryptionKeys: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  databasePassword: '',
};
await migrate(database);
const app = await createApp(new AppConfig(env, secrets, database, 'bench'), 'all');
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address();

const user = { email: 'bench@example.com', password: 'Bench@123' };
await call('/api/user/register', user);
const { access_token } = await call('/api/user/login', user);
const account = await call('/api/accounts', { account_name: 'Bench' }, access_token);
await call(`/api/accounts/${account.id}`, { rate_limit_per_second: 1_000_000 }, access_token, 'PATCH');
await call(
  `/api/accounts/${account.id}/destinations`,
  { url: process.env.BENCH_DESTINATION, max_in_flight: 256 },
  access_token,
);
process.send({ port, token: account.app_secret_token });
process.on('SIGTERM', () => void app.close().then(() => process.exit(0)));

async function call(path, body, token, method = 'POST') {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const options = { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, options);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
