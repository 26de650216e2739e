import { useEffect, useState } from 'preact/hooks';

export interface SignedInUser {
  id: string;
  email: string;
  role: 'Admin' | 'User';
}

interface Session {
  user: SignedInUser;
  accessToken: string;
  refreshToken: string;
}

interface SessionAnswer {
  access_token: string;
  refresh_token: string;
  user: SignedInUser;
}

/**
 * Of this tab, so that closing it signs out. Kept only while the page is left: a tab that is duplicated would take a copy
 * along, and a refresh token that two tabs use ends the session of both.
 */
const KEPT_AS = 'data-pusher-session';
const listeners = new Set<() => void>();
let session: Session | null = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? 'null');
sessionStorage.removeItem(KEPT_AS);
addEventListener('pagehide', () => {
  if (session) sessionStorage.setItem(KEPT_AS, JSON.stringify(session));
});
// A page that comes back from the history goes on with what it has.
addEventListener('pageshow', () => sessionStorage.removeItem(KEPT_AS));
let renewing: Promise<boolean> | null = null;

export const accessToken = (): string | null => session?.accessToken ?? null;

export function useSignedInUser(): SignedInUser | null {
  const [user, setUser] = useState(session?.user ?? null);
  useEffect(() => {
    const changed = () => setUser(session?.user ?? null);
    listeners.add(changed);
    return () => void listeners.delete(changed);
  }, []);
  return user;
}

export function signedIn({ user, access_token, refresh_token }: SessionAnswer): void {
  keep({ user, accessToken: access_token, refreshToken: refresh_token });
}

export function signedOut(): void {
  keep(null);
}

/** Ends the session on the server too, and that of the queues; where it cannot be reached, it ends here at least. */
export async function signOut(): Promise<void> {
  if (session)
    await Promise.allSettled([
      post('/api/user/logout', { refresh_token: session.refreshToken }, session.accessToken),
      fetch('/queues/logout', { redirect: 'manual' }),
    ]);
  keep(null);
}

/** Opens the queues with this session. Where that is refused, their own sign-in page says the rest. */
export async function openQueues(): Promise<void> {
  const handOver = () => post('/queues/login', {}, session?.accessToken);
  try {
    const answer = await handOver();
    if (answer.status === 401 && (await renew())) await handOver();
  } finally {
    location.assign('/queues');
  }
}

/** Buys a new pair of tokens, once for all who ask meanwhile: a refresh token that is used twice ends the session. */
export function renew(): Promise<boolean> {
  renewing ??= buyTokens().finally(() => (renewing = null));
  return renewing;
}

async function buyTokens(): Promise<boolean> {
  if (!session) return false;
  const answer = await post('/api/user/refresh', { refresh_token: session.refreshToken });
  if (!answer.ok) {
    keep(null);
    return false;
  }
  signedIn(await answer.json());
  return true;
}

function post(path: string, body: unknown, token?: string): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  return fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

function keep(next: Session | null): void {
  session = next;
  for (const changed of listeners) changed();
}
