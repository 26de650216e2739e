export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** The closed list of RELIABILITY's answers, once more: a code that is not in it is a change of the contract. */
const STATUS_OF: Record<string, number> = {
  invalid_data: 400,
  unauthenticated: 401,
  invalid_credentials: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  request_timeout: 408,
  conflict: 409,
  email_taken: 409,
  last_admin: 409,
  event_id_reused: 409,
  too_many_destinations: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  headers_too_large: 431,
};

const FIELDS = ['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors'];

export interface Problem {
  status: number;
  title: string;
  detail: string;
  code: string;
  request_id: string;
  errors: { field: string; message: string }[];
}

/**
 * Everything that is wrong with an error answer, in words; nothing when it is a problem of RFC 9457 with a known
 * code, its status, a request id, and none of `secrets` in it.
 */
export function faultsOf(answer: Answer, secrets: string[] = []): string[] {
  const text = answer.body.toString();
  const faults = secrets.filter((secret) => text.includes(secret)).map(() => 'it repeats a secret');
  const add = (isFault: boolean, words: string): void => void (isFault && faults.push(words));
  add(answer.status < 400 || answer.status >= 500, `its status is ${answer.status}`);
  add(answer.headers['content-type'] !== 'application/problem+json; charset=utf-8', 'it is no problem+json');
  const problem = parse(text);
  if (!problem) return [...faults, `its body is no object: ${text.slice(0, 100)}`];
  add(
    FIELDS.some((field) => !(field in problem)) || Object.keys(problem).length !== FIELDS.length,
    'its fields are others',
  );
  add(problem.type !== `urn:data-pusher:problem:${problem.code}`, 'its type does not fit its code');
  add(problem.status !== answer.status, 'its status is not the one of the answer');
  add(STATUS_OF[problem.code] !== answer.status, `its code ${problem.code} does not fit ${answer.status}`);
  add(answer.status === 400 && problem.title !== 'Invalid Data', `its title is ${problem.title}`);
  add(
    typeof problem.detail !== 'string' || !/^\S.*\.$/s.test(problem.detail),
    `its detail is no sentence: ${problem.detail}`,
  );
  add(!/^[\w.:@-]{1,128}$/.test(problem.request_id), 'it has no request id');
  add(problem.request_id !== answer.headers['x-request-id'], 'its request id is not the one of the header');
  add(
    !Array.isArray(problem.errors) || !problem.errors.every(isFieldError),
    'its errors are no list of fields',
  );
  return faults;
}

export const problemOf = ({ body }: Answer): Problem => JSON.parse(body.toString()) as Problem;

const isFieldError = (error: unknown): boolean => {
  const { field, message } = error as Record<string, unknown>;
  return typeof field === 'string' && typeof message === 'string' && message !== '';
};

function parse(text: string): (Problem & Record<string, unknown>) | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Problem & Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
