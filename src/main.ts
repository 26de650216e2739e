import 'reflect-metadata';
import type { AppRole } from './app.module.js';
import { createApp } from './app.setup.js';
import { boot } from './boot.js';
import { SLOW_CLIENTS_MS } from './common/http/timeouts.js';
import type { AppConfig } from './config/app-config.js';
import { WorkerProcesses } from './worker-processes.js';

const asked: AppRole = process.argv[2] === 'api' ? 'api' : 'all';

await boot(async (config, logger) => {
  const workers = asked === 'all' ? config.workerProcesses : 0;
  const role: AppRole = workers > 0 ? 'api' : asked;
  const app = await createApp(config, role);
  try {
    await app.listen(config.env.PORT, config.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const processes = new WorkerProcesses(config, logger);
  processes.start(workers);
  const { port } = app.getHttpServer().address() as { port: number };
  process.stdout.write(banner(config, role, workers, port));
  const close = async (): Promise<void> => {
    // Who sends a byte now and then must not keep the process from ending.
    setTimeout(() => app.getHttpServer().closeAllConnections(), SLOW_CLIENTS_MS).unref();
    await Promise.all([app.close(), processes.stop()]);
  };
  return { close };
});

function banner(config: AppConfig, role: AppRole, workers: number, port: number): string {
  const base = `http://localhost:${port}`;
  const lines = [
    `Data Pusher ${config.version} is ready (${processesOf(role, workers)}, ${storage(config)})`,
    `  Console     ${base}/admin`,
    `  API         ${base}/api`,
    `  Swagger     ${base}/swagger`,
    `  ReDoc       ${base}/redoc`,
    `  Bull Board  ${base}/queues`,
    ...(config.embedded && !config.env.EGRESS_ALLOW
      ? ['  Destinations on this machine (loopback) are allowed because the database is the embedded one.']
      : []),
    'Next: npm run demo, or follow the walk in README.md. Ctrl-C stops it.',
  ];
  return `${lines.join('\n')}\n`;
}

function processesOf(role: AppRole, workers: number): string {
  if (workers > 0) return `API and ${workers} worker ${workers === 1 ? 'process' : 'processes'}`;
  return role === 'all' ? 'API and worker' : 'API';
}

function storage({ embedded, env }: AppConfig): string {
  return `${embedded ? `embedded PostgreSQL in ${env.DATA_DIR}` : 'your PostgreSQL'}, queue on ${env.REDIS_URL ? 'Redis' : 'PostgreSQL'}`;
}
