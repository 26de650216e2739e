/** What each field was and is. */
export type Changes = Record<string, [before: unknown, after: unknown]>;
/** An object as its view shows it, with its secrets: they are compared, then masked. */
export type Snapshot = object;

const MASK = '***';
const SECRET = /secret|token|password|^headers\./i;
/** What follows from the change, or is told beside it. */
const BESIDE = new Set([
  'id',
  'account_id',
  'version',
  'created_by',
  'updated_by',
  'created_at',
  'updated_at',
]);

/** The fields that differ. Null stands for an object that is not there yet, or no more. */
export function compare(before: Snapshot | null, after: Snapshot | null): Changes {
  const was = flatten(before);
  const is = flatten(after);
  const changes: Changes = {};
  for (const field of new Set([...was.keys(), ...is.keys()])) {
    const pair: [unknown, unknown] = [was.get(field) ?? null, is.get(field) ?? null];
    if (BESIDE.has(field) || JSON.stringify(pair[0]) === JSON.stringify(pair[1])) continue;
    changes[field] = SECRET.test(field) ? [mask(pair[0]), mask(pair[1])] : pair;
  }
  return changes;
}

const mask = (value: unknown): unknown => (value === null ? null : MASK);

/** An object in an object becomes fields of their own, such as `headers.APP_ID`. */
function flatten(snapshot: Snapshot | null): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [field, value] of Object.entries(snapshot ?? {})) {
    if (value === undefined) continue;
    const isNested = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isNested) for (const [key, inner] of flatten(value as Snapshot)) fields.set(`${field}.${key}`, inner);
    else fields.set(field, value);
  }
  return fields;
}
