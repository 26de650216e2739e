export interface CallAnswer {
  status: number;
  // Answers are read as any JSON on purpose, as in the end-to-end tests.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface CallOptions {
  token?: string;
  body?: object;
  headers?: Record<string, string>;
}

/** One request to the API of a process. */
export async function call(
  base: string,
  method: string,
  path: string,
  { token, body, headers }: CallOptions = {},
): Promise<CallAnswer> {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, body: isJson && text ? JSON.parse(text) : text };
}
