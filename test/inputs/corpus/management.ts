import { type Operation, sampleOf } from './operations.js';
import { BAD_IDS } from './paths.js';
import { GOOD_TIMES } from './times.js';
import { badQueryValues, badValues } from './values.js';

/** A call that must be refused; with `status` 200, one that must not be refused because of `field`. */
export interface ManagementCase {
  name: string;
  operation: Operation;
  status: number;
  /** What `errors` must name; also as the first part of a longer name. */
  field?: string;
  /** Encoded, without "?". */
  query?: string;
  body?: Buffer | string;
  contentType?: string;
  headers?: Record<string, string>;
  /** Instead of the ids that exist. */
  path?: string;
  isAnonymous?: boolean;
}

// prettier-ignore
const FOREIGN_FIELDS = [
  'unknown', 'id', 'created_at', 'updated_by', 'deleted_at', 'is_admin', 'isAdmin', '__typename',
  'toString', 'hasOwnProperty', 'then', 'constructor', 'valueOf', '', ' ', '0', 'a.b', 'a[b]', 'é', '😀',
  '\u202e', '\u001b[31m', '<script>', "' OR 1=1", '$where', 'length',
];

const short = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length})` : text;
};

/** Stands for the id of an account in a body, where that tells which account it is about. */
export const ACCOUNT = '{accountId}';

export const bodyOf = ({ body }: Operation): Record<string, unknown> =>
  Object.fromEntries([
    ...(body?.required ?? []).map((name) => [name, sampleOf(body!.fields[name]!)]),
    ...(body && 'account_id' in body.fields ? [['account_id', ACCOUNT]] : []),
  ]);

/** Fields that are wrong, foreign or missing. */
export function fieldCases(operation: Operation): ManagementCase[] {
  if (!operation.body) return [];
  const { fields, required } = operation.body;
  const withField = (name: string, value: unknown): ManagementCase => ({
    name: `${operation.id} ${short(name)}: ${short(value)}`,
    operation,
    status: 400,
    field: name,
    body: JSON.stringify(Object.fromEntries([...Object.entries(bodyOf(operation)), [name, value]])),
  });
  const without = (name: string): ManagementCase => {
    const { [name]: _, ...rest } = bodyOf(operation);
    return {
      name: `${operation.id} without ${name}`,
      operation,
      status: 400,
      field: name,
      body: JSON.stringify(rest),
    };
  };
  return [
    ...Object.entries(fields).flatMap(([name, schema]) =>
      badValues(schema).map((value) => withField(name, value)),
    ),
    ...FOREIGN_FIELDS.filter((name) => !(name in fields)).map((name) => withField(name, 'x')),
    ...required.map(without),
  ];
}

const NOT_OBJECTS = ['null', '[]', '[{}]', '"x"', '1', 'true', '[[]]', '["account_name"]'];
// prettier-ignore
const NOT_JSON = [
  '{', '}', '{"a":1,}', "{'a':1}", '{}{}', '\ufeff{}', 'a=b', '<a/>', '{"a":01}', '{"a":NaN}', '{"a":"\t"}',
  '//\n{}', '\0', '{"__proto__":{"x":1}}', '{"a":{"__proto__":1}}',
];
const BAD_BYTES = [
  Buffer.from('7b2261223a22ff227d', 'hex'),
  Buffer.from('7b22c3223a317d', 'hex'),
  Buffer.from('fffe7b007d00', 'hex'),
  Buffer.from('{"a":"\xe9"}', 'latin1'),
];
const DEEP = [201, 50_000].flatMap((depth) => [
  `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`,
  '{"a":'.repeat(depth),
]);
const TYPES = [
  'text/plain',
  'text/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'garbage',
  'application/json; charset=latin1',
  'application/json; charset=utf-16',
];

/** Bodies that are no JSON object in UTF-8, whatever the fields. */
export function bodyCases(operation: Operation): ManagementCase[] {
  if (operation.method === 'GET') return [];
  const good = JSON.stringify({ x: 'y', ...bodyOf(operation) });
  return [
    ...[...NOT_OBJECTS, ...NOT_JSON, ...BAD_BYTES, ...DEEP].map((body): ManagementCase => ({
      name: `${operation.id} with the body ${short(body.toString())}`,
      operation,
      status: 400,
      body,
    })),
    ...TYPES.map((contentType): ManagementCase => ({
      name: `${operation.id} as ${contentType}`,
      operation,
      status: 415,
      body: good,
      contentType,
    })),
    ...['gzip', 'br', 'x'].map((encoding): ManagementCase => ({
      name: `${operation.id} in ${encoding}`,
      operation,
      status: 415,
      body: good,
      headers: { 'content-encoding': encoding },
    })),
    {
      name: `${operation.id} with 1 MiB and a byte`,
      operation,
      status: 413,
      body: `{"x":"${'x'.repeat(1024 * 1024 - 7)}"}`,
    },
  ];
}

// prettier-ignore
const FOREIGN_PARAMETERS = [
  'unknown=1', 'unknown', '=1', 'limit[]=1', 'a[b]=c', 'a[b][c]=d', '__proto__=1', '__proto__[x]=1',
  'constructor=1', 'toString=1', '%00=1', '%F0%9F%98%80=1', '<script>=1', 'account_id[$ne]=1', 'LIMIT=1',
  'limit%20=1',
];

const nameOf = (query: string): string => decodeURIComponent(query.split('=')[0]!);

/** Parameters of the address that are wrong, foreign or repeated; and times that are right. */
export function queryCases(operation: Operation): ManagementCase[] {
  const call = (query: string, field: string | undefined, status = 400): ManagementCase => ({
    name: `${operation.id} ?${query.length > 80 ? `${query.slice(0, 80)}… (${query.length})` : query}`,
    operation,
    status,
    field,
    query,
  });
  const own = Object.entries(operation.query).flatMap(([name, schema]) => {
    const sample = encodeURIComponent(String(sampleOf(schema)));
    const isTime = schema.format === 'date-time' && !operation.id.toLowerCase().includes('reconciliation');
    return [
      ...badQueryValues(name, schema).map((value) => call(`${name}=${encodeURIComponent(value)}`, name)),
      call(`${name}=${sample}&${name}=${sample}`, name),
      call(`${name}[]=${sample}`, `${name}[]`),
      call(`${name}[0]=${sample}`, `${name}[0]`),
      call(`${name}[x]=${sample}`, `${name}[x]`),
      ...(isTime ? GOOD_TIMES.map((time) => call(`${name}=${encodeURIComponent(time)}`, name, 200)) : []),
    ];
  });
  const foreign = FOREIGN_PARAMETERS.filter((query) => !(nameOf(query) in operation.query)).map((query) =>
    call(query, nameOf(query) || undefined),
  );
  return operation.isPublic && operation.method === 'GET' ? own : [...own, ...foreign];
}

// prettier-ignore
const BYSTANDERS: Record<string, string>[] = [
  ...['', 'nonsense', 'text/html', 'application/xml', 'application/json;q=0', '*/*;q=0', ';;;'].map((accept) => ({ accept })),
  { 'accept-encoding': '*;q=0' }, { 'accept-language': 'xx' }, { range: 'bytes=0-0' }, { 'if-none-match': '*' },
  { cookie: '__proto__=1' }, { 'x-http-method-override': 'DELETE' }, { 'x-forwarded-for': '127.0.0.1' },
  { 'content-type': 'garbage' }, { 'x-request-id': '<script>' },
];

/** Headers that mean nothing to an operation that reads. */
export function bystanderCases(operation: Operation): ManagementCase[] {
  if (operation.method !== 'GET') return [];
  return BYSTANDERS.map((headers) => ({
    name: `${operation.id} with ${JSON.stringify(headers)}`,
    operation,
    status: 200,
    headers,
  }));
}

/**
 * Every id of the path, one at a time, replaced by what is none: for each operation another quarter of them.
 * Anonymous callers learn nothing of it.
 */
export function pathCases(operation: Operation, turn: number): ManagementCase[] {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const body = operation.body ? JSON.stringify(bodyOf(operation)) : undefined;
  return names.flatMap((name) =>
    BAD_IDS.filter((_, index) => (index + turn) % 4 === 0).flatMap(([segment, status]): ManagementCase[] => {
      const path = operation.path.replace(`{${name}}`, segment);
      const one = { name: `${operation.id} ${name}=${segment.slice(0, 60)}`, operation, path, body };
      return [
        { ...one, status },
        { ...one, name: `${one.name}, anonymous`, status: status === 404 ? 401 : status, isAnonymous: true },
      ];
    }),
  );
}

/** Who is not signed in is told so whatever the rest of the call is. */
export function anonymousCases(operation: Operation): ManagementCase[] {
  if (operation.isPublic) return [];
  const call = (name: string, rest: Partial<ManagementCase>): ManagementCase => ({
    name: `anonymous ${operation.id} ${name}`,
    operation,
    status: 401,
    isAnonymous: true,
    ...rest,
  });
  const bodies =
    operation.method === 'GET'
      ? []
      : ['{', '', 'null', '['.repeat(100_000), '{"__proto__":1}', 'x'.repeat(200_000)];
  return [
    call('with nothing else wrong', {
      body: operation.method === 'GET' ? undefined : JSON.stringify(bodyOf(operation)),
    }),
    ...bodies.map((body) => call(`with ${short(body)}`, { body })),
    ...(operation.method === 'GET'
      ? []
      : TYPES.map((contentType) => call(`as ${contentType}`, { body: '{}', contentType }))),
    ...FOREIGN_PARAMETERS.map((query) => call(`?${query}`, { query })),
  ];
}
