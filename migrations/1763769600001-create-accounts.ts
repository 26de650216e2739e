import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateAccounts1763769600001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE accounts (
        id uuid CONSTRAINT accounts_pkey PRIMARY KEY,
        account_name varchar(200) NOT NULL,
        website varchar(2048),
        email varchar(254),
        rate_limit_per_second integer NOT NULL DEFAULT 5,
        require_event_id boolean NOT NULL DEFAULT false,
        deleted_at timestamptz(3),
        created_by uuid,
        updated_by uuid,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT accounts_rate_limit_check CHECK (rate_limit_per_second BETWEEN 1 AND 1000000)
      )`);
    await runner.query(
      'CREATE UNIQUE INDEX accounts_email_key ON accounts (email) WHERE email IS NOT NULL AND deleted_at IS NULL',
    );
    await runner.query(`
      CREATE TABLE account_tokens (
        id uuid CONSTRAINT account_tokens_pkey PRIMARY KEY,
        account_id uuid NOT NULL
          CONSTRAINT account_tokens_account_id_fkey REFERENCES accounts (id) ON DELETE CASCADE,
        token_sha256 bytea NOT NULL,
        token_sealed text NOT NULL,
        expires_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT now()
      )`);
    await runner.query(
      'CREATE UNIQUE INDEX account_tokens_token_sha256_key ON account_tokens (token_sha256)',
    );
    // The token in force is the one that does not expire; there is exactly one per account.
    await runner.query(
      'CREATE UNIQUE INDEX account_tokens_current_key ON account_tokens (account_id) WHERE expires_at IS NULL',
    );
    await runner.query('CREATE INDEX account_tokens_account_id_idx ON account_tokens (account_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE account_tokens, accounts');
  }
}
