import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { boot } from './boot.js';
import { NestLogger } from './common/nest-logger.js';
import { startStatusServer } from './health/status-server.js';
import { WorkerModule } from './worker.module.js';

await boot(async (config, logger) => {
  const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(config), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  const { METRICS_PORT: port } = config.env;
  const status = port === undefined ? null : await openStatus(worker, port, logger);
  const at = status ? `, status http://localhost:${(status.address() as AddressInfo).port}` : '';
  process.stdout.write(`Data Pusher ${config.version} worker is ready${at}\n`);
  const close = async (): Promise<void> => {
    await worker.close();
    status?.closeAllConnections();
    status?.close();
  };
  return { close };
});

async function openStatus(
  worker: INestApplicationContext,
  port: number,
  logger: Logger,
): Promise<Server | null> {
  try {
    return await startStatusServer(worker, port);
  } catch (error) {
    // Whoever started several workers meant deliveries first; each has the next port.
    if (process.connected) {
      logger.warn({ err: error, port }, 'worker.status_not_served');
      return null;
    }
    await worker.close();
    throw error;
  }
}
