import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateUsers1763769600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id uuid CONSTRAINT users_pkey PRIMARY KEY,
        email varchar(254) NOT NULL,
        password_hash text NOT NULL,
        role text NOT NULL,
        token_version integer NOT NULL DEFAULT 0,
        first_admin boolean NOT NULL DEFAULT false,
        disabled_at timestamptz(3),
        created_by uuid,
        updated_by uuid,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT users_role_check CHECK (role IN ('Admin', 'User'))
      )`);
    await runner.query('CREATE UNIQUE INDEX users_email_key ON users (email)');
    // The backstop of the race for the first Admin: only one row can ever carry the mark.
    await runner.query('CREATE UNIQUE INDEX users_first_admin_key ON users (first_admin) WHERE first_admin');
    await runner.query(`
      CREATE TABLE refresh_tokens (
        id uuid CONSTRAINT refresh_tokens_pkey PRIMARY KEY,
        user_id uuid NOT NULL CONSTRAINT refresh_tokens_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
        family_id uuid NOT NULL,
        token_sha256 bytea NOT NULL,
        expires_at timestamptz(3) NOT NULL,
        used_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT now()
      )`);
    await runner.query(
      'CREATE UNIQUE INDEX refresh_tokens_token_sha256_key ON refresh_tokens (token_sha256)',
    );
    await runner.query('CREATE INDEX refresh_tokens_user_id_idx ON refresh_tokens (user_id)');
    await runner.query('CREATE INDEX refresh_tokens_family_id_idx ON refresh_tokens (family_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE refresh_tokens, users');
  }
}
