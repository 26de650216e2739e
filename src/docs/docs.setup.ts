import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { createOpenApi } from './openapi.js';
import { setupRedoc } from './redoc.js';

/** Serves the OpenAPI document and the two pages that show it. */
export function setupDocs(app: NestFastifyApplication, version: string): void {
  SwaggerModule.setup('swagger', app, () => createOpenApi(app, version), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true },
    customSiteTitle: 'Data Pusher API',
  });
  setupRedoc(app);
}
