import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Repository } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import { SealedBox } from '../common/crypto/sealed-box.js';
import { newToken, sha256 } from '../common/crypto/tokens.js';
import { AccountToken } from './account-token.entity.js';

/** The secret tokens of accounts: made, shown again to who may see them, and rotated. */
@Injectable()
export class AccountTokens {
  constructor(
    @InjectRepository(AccountToken) private readonly rows: Repository<AccountToken>,
    private readonly box: SealedBox,
  ) {}

  async create(accountId: string, manager: EntityManager): Promise<string> {
    const id = uuidv7();
    const token = newToken();
    await manager.insert(AccountToken, {
      id,
      accountId,
      tokenSha256: sha256(token),
      tokenSealed: this.box.seal(token, id),
      expiresAt: null,
    });
    return token;
  }

  /** Puts a new token in force; the one before works for `graceSeconds` more, older ones end at once. */
  async rotate(accountId: string, graceSeconds: number, manager: EntityManager): Promise<string> {
    await manager.query('SELECT id FROM accounts WHERE id = $1 FOR UPDATE', [accountId]);
    await manager.query('DELETE FROM account_tokens WHERE account_id = $1 AND expires_at IS NOT NULL', [
      accountId,
    ]);
    if (graceSeconds === 0) await manager.delete(AccountToken, { accountId });
    else
      await manager.query(
        `UPDATE account_tokens SET expires_at = now() + make_interval(secs => $2) WHERE account_id = $1`,
        [accountId, graceSeconds],
      );
    return this.create(accountId, manager);
  }

  /** The tokens in force by account id. */
  async reveal(accountIds: string[]): Promise<Map<string, string>> {
    if (accountIds.length === 0) return new Map();
    const rows = await this.rows.findBy({ accountId: In(accountIds), expiresAt: IsNull() });
    return new Map(rows.map((row) => [row.accountId, this.box.open(row.tokenSealed, row.id)]));
  }
}
