import type { OpenAPIObject } from '@nestjs/swagger';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import 'reflect-metadata';
import { AppModule } from './app.module.js';
import { setPrefix } from './app.setup.js';
import { AppConfig } from './config/app-config.js';
import { readEnv } from './config/env.js';
import { readVersion } from './config/version.js';
import { createOpenApi } from './docs/openapi.js';

/** The OpenAPI document, read from the controllers alone: nothing is started, no database is needed. */
export async function readOpenApi(): Promise<OpenAPIObject> {
  const encryptionKeys = `k1:${Buffer.alloc(32).toString('base64')}`;
  const secrets = { jwtSecret: '', encryptionKeys, databasePassword: '' };
  const config = new AppConfig(readEnv({}), secrets, {}, readVersion());
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, 'api'),
    new FastifyAdapter(),
    { preview: true, logger: ['error'], abortOnError: false },
  );
  setPrefix(app);
  return createOpenApi(app, config.version);
}
