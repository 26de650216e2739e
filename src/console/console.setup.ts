import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PATH = '/admin';
const YEAR_MS = 365 * 24 * 3_600_000;

/** Beside the compiled sources; seen from the sources themselves, in `dist`. */
const PAGES = ['../../admin/', '../../dist/admin/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The pages hold nothing but themselves; what they show comes from the API, under the rules of whoever signs in. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; " +
    "frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
};

/**
 * Serves the console under /admin, where browsers that come to the root are sent. A plugin of its own, so that its hook
 * touches nothing else.
 */
export async function setupConsole(app: NestFastifyApplication): Promise<void> {
  const root = PAGES.find((path) => existsSync(path));
  if (!root) throw new Error('The console is not built: run "npm run build".');
  await app
    .getHttpAdapter()
    .getInstance()
    .register(async (scope) => {
      scope.addHook('onRequest', (_request, reply, done) => {
        reply.headers(SECURITY_HEADERS);
        done();
      });
      await scope.register(fastifyStatic, { root, serve: false });
      scope.get(PATH, (_request, reply) => reply.sendFile('index.html', { cacheControl: false }));
      scope.get('/', (request, reply) =>
        request.headers.accept?.includes('text/html') ? reply.redirect(PATH) : reply.callNotFound(),
      );
      // Their names hold a hash of what is in them.
      scope.get(`${PATH}/assets/:file(^[\\w.-]+$)`, (request, reply) =>
        reply.sendFile(`assets/${(request.params as { file: string }).file}`, {
          maxAge: YEAR_MS,
          immutable: true,
        }),
      );
    });
}
