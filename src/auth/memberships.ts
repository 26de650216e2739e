import type { EntityManager } from 'typeorm';
import type { AuditRecord } from '../audit/audit.service.js';
import { sha256 } from '../common/crypto/tokens.js';
import { Problem, invalid } from '../common/errors/problem.js';
import { violatesUnique } from '../database/pg-errors.js';
import type { Role, User } from '../users/user.entity.js';

/** What a change of a user can change of its members, and what names them in the audit log of their accounts. */
interface MemberRow {
  id: string;
  account_id: string;
  user_id: string | null;
  email: string;
  role_name: Role;
}

const ROW = 'm.id, m.account_id, m.user_id, m.email, m.role_name';

/**
 * Makes who registers with the token of an invitation a member.
 * @returns what to record of it, as the functions below do: one record for each member changed.
 * @throws Problem 400
 */
export async function redeem(
  inviteToken: string,
  user: User,
  manager: EntityManager,
): Promise<AuditRecord[]> {
  const [redeemed]: [MemberRow[], number] = await manager.query(
    `UPDATE members m SET user_id = $1, invite_token_sha256 = NULL, updated_by = $1, updated_at = now()
     FROM accounts a WHERE m.invite_token_sha256 = $2 AND m.email = $3
     AND a.id = m.account_id AND a.deleted_at IS NULL RETURNING ${ROW}`,
    [user.id, sha256(inviteToken), user.email],
  );
  if (redeemed.length === 0)
    throw invalid('invite_token', 'is not that of an open invitation to this e-mail');
  return redeemed.map((member) => Object.assign(redemptionOf(member), { actor: user }));
}

/** Makes a user whose e-mail an Admin answers for a member of every account that has invited it. */
export async function redeemAll(user: User, adminId: string, manager: EntityManager): Promise<AuditRecord[]> {
  const [redeemed]: [MemberRow[], number] = await manager.query(
    `UPDATE members m SET user_id = $1, invite_token_sha256 = NULL, updated_by = $3, updated_at = now()
     FROM accounts a WHERE m.user_id IS NULL AND m.email = $2 AND a.id = m.account_id AND a.deleted_at IS NULL
     RETURNING ${ROW}`,
    [user.id, user.email, adminId],
  );
  return redeemed.map(redemptionOf);
}

/**
 * Gives the members that a user is its new e-mail, where it gets one. What any account has invited is refused: it is
 * for who registers with the token, or for whom an Admin answers. Nobody is kept from taking an e-mail just before it
 * is invited, so looking first is enough.
 * @throws Problem 409
 */
export async function renameMembers(
  user: User,
  email: string | undefined,
  manager: EntityManager,
): Promise<AuditRecord[]> {
  if (email === undefined || email === user.email) return [];
  const invitations: unknown[] = await manager.query(
    `SELECT FROM members m JOIN accounts a ON a.id = m.account_id AND a.deleted_at IS NULL
     WHERE m.user_id IS NULL AND m.email = $1 LIMIT 1`,
    [email],
  );
  if (invitations.length > 0) throw invited();
  const [renamed]: [(MemberRow & { old_email: string })[], number] = await manager
    .query(
      `UPDATE members m SET email = $2, updated_by = $1, updated_at = now() FROM members old
       WHERE m.user_id = $1 AND m.email <> $2 AND old.id = m.id RETURNING ${ROW}, old.email AS old_email`,
      [user.id, email],
    )
    .catch(rethrowInvited);
  return renamed.map(({ old_email: oldEmail, ...member }) => tell({ ...member, email: oldEmail }, member));
}

/** Ends every membership of a user that is about to be deleted. */
export async function endMemberships(userId: string, manager: EntityManager): Promise<AuditRecord[]> {
  const [ended]: [MemberRow[], number] = await manager.query(
    `DELETE FROM members m WHERE m.user_id = $1 RETURNING ${ROW}`,
    [userId],
  );
  return ended.map((member) => tell(member, null));
}

const redemptionOf = (member: MemberRow): AuditRecord => tell({ ...member, user_id: null }, member);

function tell(before: MemberRow, after: MemberRow | null): AuditRecord {
  return {
    target: { type: 'member', id: before.id },
    accountId: before.account_id,
    before: withStatus(before),
    after: after && withStatus(after),
  };
}

/** As the view of a member shows it. */
const withStatus = (member: MemberRow) => ({
  ...member,
  status: member.user_id === null ? 'invited' : 'member',
});

function rethrowInvited(error: unknown): never {
  if (violatesUnique(error, 'members_account_id_email_key')) throw invited();
  throw error;
}

const invited = (): Problem =>
  new Problem(
    'conflict',
    'This e-mail is invited to an account. Register with the invitation, or have it withdrawn.',
    {
      errors: [{ field: 'email', message: 'is invited to an account' }],
    },
  );
