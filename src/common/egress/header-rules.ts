export interface HeaderProblem {
  field: string;
  message: string;
}

const MAX_HEADERS = 30;
const MAX_TOTAL_BYTES = 8192;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const VALUE = /^[\t\x20-\x7e]*$/;
/** Names that frame the message, belong to proxies, or are set by the gateway itself. */
const REFUSED_NAME = new RegExp(
  '^(host|content-length|transfer-encoding|te|trailer|connection|keep-alive|upgrade|expect' +
    '|via|forwarded|accept-encoding|(proxy|x-forwarded|webhook|cl-x)-.*)$',
  'i',
);

/** Everything that is wrong with a destination's headers; empty when they may be sent. Never throws. */
export function checkHeaders(headers: unknown): HeaderProblem[] {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    return [{ field: 'headers', message: 'must be an object of strings' }];
  const entries: [string, unknown][] = Object.entries(headers);
  if (entries.length > MAX_HEADERS)
    return [{ field: 'headers', message: `must have at most ${MAX_HEADERS} entries` }];
  const seen = new Set<string>();
  let totalBytes = 0;
  const problems = entries.flatMap(([name, value]) => {
    const message = checkName(name, seen) ?? checkValue(value);
    if (typeof value === 'string') totalBytes += name.length + value.length;
    return message ? [{ field: `headers.${name.slice(0, 64)}`, message }] : [];
  });
  if (totalBytes > MAX_TOTAL_BYTES)
    problems.push({ field: 'headers', message: `must have at most ${MAX_TOTAL_BYTES} bytes in total` });
  return problems;
}

function checkName(name: string, seen: Set<string>): string | null {
  if (!NAME.test(name)) return "must have a name of 1 to 64 letters, digits or !#$%&'*+-.^_`|~";
  if (REFUSED_NAME.test(name)) return 'is set by the gateway or by the connection and cannot be chosen';
  const lowerCased = name.toLowerCase();
  if (seen.has(lowerCased)) return 'is given twice; upper and lower case are the same';
  seen.add(lowerCased);
  return null;
}

function checkValue(value: unknown): string | null {
  if (typeof value !== 'string') return 'must be a string';
  return VALUE.test(value) ? null : 'must only contain printable ASCII characters and tabs';
}
