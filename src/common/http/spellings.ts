/**
 * Paths that older Data Pusher APIs have for a call of this one. An entry that ends with a slash stands for
 * everything below it.
 */
export const SPELLINGS: readonly { from: string; to: string }[] = [
  { from: '/api/account/', to: '/api/accounts/' },
  { from: '/api/users/register', to: '/api/user/register' },
];

/** @param path with `/api` and without a trailing slash. */
export function respell(path: string): string {
  for (const { from, to } of SPELLINGS)
    if (path === from || (from.endsWith('/') && path.startsWith(from))) return to + path.slice(from.length);
  return path;
}
