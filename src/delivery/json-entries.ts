/** The top level of a JSON object, values as the producer wrote them: parsing would turn 1.0 into 1. */
export type JsonEntry = [key: string, valueText: string];

/**
 * Walks the members of a JSON object in their order, repeated keys included. The text must be valid JSON;
 * null where it is not an object.
 */
export function readJsonEntries(json: string): Iterable<JsonEntry> | null {
  const start = skipSpace(json, 0);
  return json[start] === '{' ? members(json, start + 1) : null;
}

function* members(json: string, start: number): Iterable<JsonEntry> {
  let at = skipSpace(json, start);
  while (json[at] === '"') {
    const keyEnd = endOfString(json, at);
    const valueStart = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const valueEnd = endOfValue(json, valueStart);
    yield [JSON.parse(json.slice(at, keyEnd)) as string, json.slice(valueStart, valueEnd)];
    at = skipSpace(json, skipSpace(json, valueEnd) + 1);
  }
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (json[at] === ' ' || json[at] === '\n' || json[at] === '\r' || json[at] === '\t') at++;
  return at;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfValue(json: string, start: number): number {
  if (json[start] === '"') return endOfString(json, start);
  if (json[start] === '{' || json[start] === '[') return endOfNested(json, start);
  let at = start;
  while (at < json.length && !/[\s,}]/.test(json[at]!)) at++;
  return at;
}

function endOfNested(json: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const character = json[at];
    if (character === '"') {
      at = endOfString(json, at);
      continue;
    }
    at++;
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    if (depth === 0) break;
  }
  return at;
}
