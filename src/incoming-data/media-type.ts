// Grammar of RFC 9110: tokens, quoted strings, optional white space around ";" only, empty parameters allowed.
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const QUOTED = '"((?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*)"';
const MEDIA_TYPE = new RegExp(`^[ \\t]*(${TOKEN}/${TOKEN})[ \\t]*`);
const PARAMETER = new RegExp(`;[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|${QUOTED})[ \\t]*)?`, 'y');
const JSON_TYPE = new RegExp(`^application/(?:json|${TOKEN}\\+json)$`, 'i');
const UTF8 = /^utf-?8$/i;

const MAX_REMEMBERED = 100;
const MAX_REMEMBERED_LENGTH = 256;

/** Producers send the same few header values for ever: each is parsed once. */
const remembered = new Map<string, string | null>();

/**
 * Null when the headers announce plain JSON in UTF-8 (`application/json` or `application/*+json`, no content
 * encoding), else a sentence saying what is wrong; it does not repeat the header.
 * `charset=utf8`, without the hyphen, is accepted: real clients send it.
 */
export function checkMediaType(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): string | null {
  if (contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== 'identity') {
    return 'The body must be sent without a content encoding.';
  }
  if (contentType === undefined) return 'The Content-Type header is missing; send application/json.';

  let problem = remembered.get(contentType);
  if (problem === undefined) {
    problem = contentTypeProblem(contentType);
    remember(contentType, problem);
  }
  return problem;
}

function remember(contentType: string, problem: string | null): void {
  if (contentType.length > MAX_REMEMBERED_LENGTH) return;
  if (remembered.size >= MAX_REMEMBERED) remembered.delete(remembered.keys().next().value!);
  remembered.set(contentType, problem);
}

function contentTypeProblem(contentType: string): string | null {
  const mediaType = MEDIA_TYPE.exec(contentType);
  const charsets = mediaType && charsetsIn(contentType, mediaType[0].length);
  if (mediaType === null || charsets === null) return 'The Content-Type header is malformed.';
  if (!JSON_TYPE.test(mediaType[1]!)) {
    return 'The Content-Type must be application/json or application/*+json.';
  }
  if (charsets.length > 1) return 'The Content-Type header repeats the charset parameter.';
  if (charsets.some((charset) => !UTF8.test(charset))) return 'The charset of the body must be utf-8.';
  return null;
}

/** Null when something from `at` to the end is not a parameter. */
function charsetsIn(contentType: string, at: number): string[] | null {
  const charsets: string[] = [];
  PARAMETER.lastIndex = at;
  while (PARAMETER.lastIndex < contentType.length) {
    const parameter = PARAMETER.exec(contentType);
    if (parameter === null) return null;
    const [, name, token, quoted] = parameter;
    if (name?.toLowerCase() === 'charset') charsets.push(token ?? quoted!.replace(/\\(.)/g, '$1'));
  }
  return charsets;
}
