import { readFileSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Who PostgreSQL runs as where we are root, which it refuses to be. */
export interface OsAccount {
  uid: number;
  gid: number;
}

/** The owner of `folder`, else `postgres`, else `nobody`; nothing where we are an ordinary user ourselves. */
export async function serverAccount(folder: string): Promise<OsAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(folder);
  const accounts = readAccounts();
  const account =
    accounts.find(({ uid }) => uid === owner.uid) ??
    accounts.find(({ name }) => name === 'postgres') ??
    accounts.find(({ name }) => name === 'nobody');
  if (!account)
    throw new Error('PostgreSQL refuses to run as root and this system has no user "postgres" or "nobody"');
  return account;
}

function readAccounts(): (OsAccount & { name: string })[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name: name!, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid, gid }) => uid > 0 && gid >= 0);
}

/** Whether the mode bits of `folder` and of everything above it let `account` in. */
export async function canEnter(folder: string, account: OsAccount): Promise<boolean> {
  for (let path = await realpath(folder); ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
