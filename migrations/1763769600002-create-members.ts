import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateMembers1763769600002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // A member without a user is an invitation: its e-mail is known, its token redeems it at registration.
    await runner.query(`
      CREATE TABLE members (
        id uuid CONSTRAINT members_pkey PRIMARY KEY,
        account_id uuid NOT NULL CONSTRAINT members_account_id_fkey REFERENCES accounts (id) ON DELETE CASCADE,
        user_id uuid CONSTRAINT members_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
        email varchar(254) NOT NULL,
        role_name text NOT NULL,
        invite_token_sha256 bytea,
        created_by uuid,
        updated_by uuid,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT members_role_name_check CHECK (role_name IN ('Admin', 'User')),
        CONSTRAINT members_user_or_invitation_check CHECK ((user_id IS NULL) <> (invite_token_sha256 IS NULL))
      )`);
    await runner.query('CREATE UNIQUE INDEX members_account_id_email_key ON members (account_id, email)');
    await runner.query('CREATE UNIQUE INDEX members_account_id_user_id_key ON members (account_id, user_id)');
    await runner.query('CREATE INDEX members_user_id_idx ON members (user_id)');
    await runner.query(
      'CREATE UNIQUE INDEX members_invite_token_sha256_key ON members (invite_token_sha256)',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE members');
  }
}
