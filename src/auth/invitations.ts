import type { EntityManager } from 'typeorm';
import { sha256 } from '../common/crypto/tokens.js';
import { invalid } from '../common/errors/problem.js';
import type { User } from '../users/user.entity.js';

/** Makes who registers with the token of an invitation a member. @throws Problem 400 */
export async function redeem(inviteToken: string, user: User, manager: EntityManager): Promise<void> {
  const [, redeemed]: [unknown[], number] = await manager.query(
    `UPDATE members m SET user_id = $1, invite_token_sha256 = NULL, updated_by = $1, updated_at = now()
     FROM accounts a WHERE m.invite_token_sha256 = $2 AND m.email = $3
     AND a.id = m.account_id AND a.deleted_at IS NULL`,
    [user.id, sha256(inviteToken), user.email],
  );
  if (redeemed === 0) throw invalid('invite_token', 'is not that of an open invitation to this e-mail');
}

/** Makes a user whose e-mail an Admin answers for a member of every account that has invited it. */
export async function redeemAll(user: User, adminId: string, manager: EntityManager): Promise<void> {
  await manager.query(
    `UPDATE members m SET user_id = $1, invite_token_sha256 = NULL, updated_by = $3, updated_at = now()
     FROM accounts a WHERE m.user_id IS NULL AND m.email = $2 AND a.id = m.account_id AND a.deleted_at IS NULL`,
    [user.id, user.email, adminId],
  );
}
