import 'reflect-metadata';
import type { AppRole } from './app.module.js';
import { createApp } from './app.setup.js';
import { boot } from './boot.js';
import type { AppConfig } from './config/app-config.js';

/** After the drain of the delivering half, before a stop is forced. */
const SLOW_CLIENTS_MS = 15_000;

const role: AppRole = process.argv[2] === 'api' ? 'api' : 'all';

await boot(async (config) => {
  const app = await createApp(config, role);
  const host = config.env.HOST ?? (config.embedded ? '127.0.0.1' : '0.0.0.0');
  try {
    await app.listen(config.env.PORT, host);
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.getHttpServer().address() as { port: number };
  process.stdout.write(banner(config, role, port));
  const close = (): Promise<void> => {
    // Who sends a byte now and then must not keep the process from ending.
    setTimeout(() => app.getHttpServer().closeAllConnections(), SLOW_CLIENTS_MS).unref();
    return app.close();
  };
  return { close };
});

function banner(config: AppConfig, started: AppRole, port: number): string {
  const base = `http://localhost:${port}`;
  const lines = [
    `Data Pusher ${config.version} is ready (${started === 'all' ? 'API and worker' : 'API'}, ${storage(config)})`,
    `  API         ${base}/api`,
    `  Swagger     ${base}/swagger`,
    `  Bull Board  ${base}/queues`,
    ...(config.embedded && !config.env.EGRESS_ALLOW
      ? ['  Destinations on this machine (loopback) are allowed because the database is the embedded one.']
      : []),
    'Next: npm run demo, or follow the walk in README.md. Ctrl-C stops it.',
  ];
  return `${lines.join('\n')}\n`;
}

function storage({ embedded, env }: AppConfig): string {
  return `${embedded ? `embedded PostgreSQL in ${env.DATA_DIR}` : 'your PostgreSQL'}, queue on ${env.REDIS_URL ? 'Redis' : 'PostgreSQL'}`;
}
