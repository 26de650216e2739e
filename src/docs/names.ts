import type { OpenAPIObject } from '@nestjs/swagger';
import { schemasOf } from './document.js';

const PREFIX = '#/components/schemas/';

/**
 * Gives schemas the names that users of a generated client see: `Account` for AccountView, `CreateAccount` for
 * CreateAccountDto. Where two would meet, the longer name stays.
 */
export function nameSchemas(document: OpenAPIObject): void {
  const schemas = schemasOf(document);
  const short = (name: string) => name.replace(/(View|Dto)$/, '');
  const names = Object.keys(schemas).sort();
  const isFree = (name: string) => names.filter((other) => short(other) === short(name)).length === 1;
  const rename = new Map(names.map((name) => [name, isFree(name) ? short(name) : name]));
  document.components!.schemas = Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [rename.get(name)!, schema]),
  );
  redirect(document, rename);
}

function redirect(node: unknown, rename: Map<string, string>): void {
  if (typeof node !== 'object' || node === null) return;
  const reference = node as { $ref?: unknown };
  if (typeof reference.$ref === 'string' && reference.$ref.startsWith(PREFIX)) {
    const name = reference.$ref.slice(PREFIX.length);
    reference.$ref = PREFIX + (rename.get(name) ?? name);
    return;
  }
  for (const value of Object.values(node)) redirect(value, rename);
}
