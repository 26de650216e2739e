import { accessToken, renew, signedOut } from './session.js';

export interface Page<T> {
  data: T[];
  page: { next: string | null; limit: number };
}

export interface Account {
  id: string;
  account_name: string;
  website: string | null;
  email: string | null;
  app_secret_token?: string;
  rate_limit_per_second: number;
  require_event_id: boolean;
  created_at: string;
}

export interface Destination {
  id: string;
  url: string;
  http_method: string;
  headers: Record<string, string>;
  event_types: string[];
  description: string | null;
  state: 'active' | 'paused' | 'disabled';
  disabled_reason: string | null;
  version: number;
}

export interface ReceivedEvent {
  id: string;
  event_id: string;
  event_type: string | null;
  received_at: string;
  size: number | null;
}

export interface Attempt {
  number: number;
  started_at: string;
  duration_ms: number;
  status_code: number | null;
  error: string | null;
  response_excerpt: string | null;
}

export interface DeliveryLog {
  id: string;
  url: string | null;
  /** `event` for what followed from accepting it; anything else was asked for later. */
  origin: string | null;
  status: string;
  explanation: string;
  attempt_log: Attempt[];
}

export interface EventLog extends ReceivedEvent {
  payload: unknown;
  removed_by_retention: boolean;
  deliveries: DeliveryLog[];
}

interface ProblemBody {
  detail: string;
  errors?: { field: string; message: string }[];
}

/** What the API said instead of doing it: a sentence for people, and the fields it is about. */
export class ApiProblem extends Error {
  readonly fields: Record<string, string>;

  constructor(
    readonly status: number,
    problem: ProblemBody,
  ) {
    super(problem.detail);
    this.fields = Object.fromEntries((problem.errors ?? []).map(({ field, message }) => [field, message]));
  }
}

/**
 * Calls the API as whoever is signed in; `path` begins after `/api`.
 * @param version of what is changed, where nobody else may have changed it since it was read
 */
export async function call<T>(method: string, path: string, body?: unknown, version?: number): Promise<T> {
  const request = () => send(method, path, body, version);
  let answer = await request();
  if (answer.status === 401 && accessToken() && (await renew())) answer = await request();
  if (answer.ok) return answer.status === 204 ? (undefined as T) : await answer.json();
  const isSignIn = path === '/user/login';
  if (answer.status === 401 && !isSignIn) signedOut();
  throw new ApiProblem(answer.status, await problemOf(answer));
}

function send(method: string, path: string, body?: unknown, version?: number): Promise<Response> {
  const headers: Record<string, string> = {};
  if (version !== undefined) headers['if-match'] = `"${version}"`;
  const token = accessToken();
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  return fetch(`/api${path}`, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => {
    throw new ApiProblem(0, { detail: 'The server cannot be reached. Is it running?' });
  });
}

/** A proxy between us and the API may answer with anything. */
function problemOf(answer: Response): Promise<ProblemBody> {
  return answer.json().catch(() => ({ detail: `The server answered ${answer.status}.` }));
}
