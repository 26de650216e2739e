import type { OpenAPIObject } from '@nestjs/swagger';
import { methods } from './document.js';

/** A new operation must not move the others: a change of the API is a small difference of the document. */
export function sortDocument(document: OpenAPIObject): OpenAPIObject {
  const { openapi, info, servers, tags, paths, components = {} } = document;
  const sortedPaths = Object.entries(sortKeys(paths)).map(([path, item]) => [
    path,
    Object.fromEntries(methods.flatMap((method) => (item[method] ? [[method, item[method]]] : []))),
  ]);
  return {
    openapi,
    info,
    servers,
    tags,
    paths: Object.fromEntries(sortedPaths),
    components: Object.fromEntries(
      Object.entries(sortKeys(components)).map(([kind, entries]) => [kind, sortKeys(entries as object)]),
    ),
  };
}

function sortKeys<T extends object>(record: T): T {
  const compare = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
  return Object.fromEntries(Object.entries(record).sort(compare)) as T;
}
