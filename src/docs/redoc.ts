import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createReadStream, existsSync } from 'node:fs';

/** Where the build puts ReDoc: seen from the build, and from the sources. */
const LIBRARY = ['../../bundle/app/redoc.standalone.js', '../../dist/bundle/app/redoc.standalone.js'];

const HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
    "object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Data Pusher API</title>
    <link rel="icon" href="data:,">
  </head>
  <body>
    <div id="redoc"></div>
    <script type="module" src="/redoc/page.js"></script>
  </body>
</html>
`;

/**
 * Nobody outside has to know who reads this page. ReDoc's search would make a worker out of text, which our policy
 * forbids; without workers it searches in the page.
 */
const SCRIPT = `import { init } from './redoc.standalone.js';
delete globalThis.Worker;
init('/openapi.json', { router: 'hash', basePath: '/redoc', disableTelemetry: true }, document.getElementById('redoc'));
`;

/** Serves ReDoc under /redoc, all of it from here. */
export function setupRedoc(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  const serve = (path: string, type: string, read: () => unknown) =>
    fastify.get(path, (_request, reply) =>
      reply.headers(HEADERS).header('content-type', `${type}; charset=utf-8`).send(read()),
    );
  serve('/redoc', 'text/html', () => PAGE);
  serve('/redoc/page.js', 'text/javascript', () => SCRIPT);
  serve('/redoc/redoc.standalone.js', 'text/javascript', () => createReadStream(findLibrary()));
}

function findLibrary(): URL {
  return LIBRARY.map((path) => new URL(path, import.meta.url)).find((url) => existsSync(url))!;
}
