import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { boot } from './boot.js';
import { NestLogger } from './common/nest-logger.js';
import { WorkerModule } from './worker.module.js';

await boot(async (config, logger) => {
  const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(config), {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  process.stdout.write(`Data Pusher ${config.version} worker is ready\n`);
  return worker;
});
