import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { Problem } from '../errors/problem.js';

/** Knows the methods of every path, to tell a path that is unknown (404) from one that takes other methods (405). */
export class AllowedMethods {
  private readonly routes = new Map<string, { pattern: RegExp; methods: Set<string> }>();

  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }: RouteOptions) => {
      const route = this.routes.get(url) ?? { pattern: toPattern(url), methods: new Set() };
      for (const one of [method].flat()) route.methods.add(one);
      this.routes.set(url, route);
    });
  }

  /** The answer to a request that no route took; null where its path is unknown too. */
  refusalOf(request: FastifyRequest): Problem | null {
    const [path] = request.url.split('?') as [string];
    const matching = [...this.routes.values()].filter(({ pattern }) => pattern.test(path));
    const methods = [...new Set(matching.flatMap((route) => Array.from(route.methods)))].toSorted();
    if (methods.length === 0 || methods.includes(request.method)) return null;
    return new Problem(
      'method_not_allowed',
      `This address takes ${methods.join(', ')} and no other method.`,
      {
        headers: { allow: methods.join(', ') },
      },
    );
  }
}

/** `/a/:id` and `/a/*` as an expression. */
function toPattern(url: string): RegExp {
  const escaped = url.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replace(/:[^/]+/g, '[^/]+').replaceAll('*', '.*')}$`);
}
