import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateApiKeys1763769620000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE api_keys (
        id uuid CONSTRAINT api_keys_pkey PRIMARY KEY,
        user_id uuid NOT NULL CONSTRAINT api_keys_user_id_fkey REFERENCES users (id) ON DELETE CASCADE,
        name varchar(100) NOT NULL,
        prefix varchar(16) NOT NULL,
        key_sha256 bytea NOT NULL,
        expires_at timestamptz(3),
        last_used_at timestamptz(3),
        created_at timestamptz(3) NOT NULL DEFAULT now()
      )`);
    await runner.query('CREATE UNIQUE INDEX api_keys_key_sha256_key ON api_keys (key_sha256)');
    await runner.query('CREATE UNIQUE INDEX api_keys_user_id_name_key ON api_keys (user_id, name)');
    await runner.query('CREATE INDEX api_keys_user_id_id_idx ON api_keys (user_id, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE api_keys');
  }
}
