import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDestinations1763769600003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE destinations (
        id uuid CONSTRAINT destinations_pkey PRIMARY KEY,
        account_id uuid NOT NULL
          CONSTRAINT destinations_account_id_fkey REFERENCES accounts (id) ON DELETE CASCADE,
        url varchar(2048) NOT NULL,
        http_method text NOT NULL DEFAULT 'POST',
        headers_sealed text NOT NULL,
        header_names text[] NOT NULL DEFAULT '{}',
        event_types text[] NOT NULL DEFAULT '{}',
        description varchar(500),
        state text NOT NULL DEFAULT 'active',
        disabled_reason text,
        max_in_flight integer NOT NULL DEFAULT 32,
        rate_limit_per_second integer,
        timeout_ms integer,
        signing_secret_sealed text NOT NULL,
        previous_secret_sealed text,
        previous_secret_expires_at timestamptz(3),
        version integer NOT NULL DEFAULT 1,
        deleted_at timestamptz(3),
        created_by uuid,
        updated_by uuid,
        created_at timestamptz(3) NOT NULL DEFAULT now(),
        updated_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT destinations_http_method_check
          CHECK (http_method IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
        CONSTRAINT destinations_state_check CHECK (state IN ('active', 'paused', 'disabled'))
      )`);
    await runner.query('CREATE INDEX destinations_account_id_idx ON destinations (account_id, id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE destinations');
  }
}
