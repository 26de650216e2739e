import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateDeliveries1763769600005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Hot: what is still to do. Small, so that finding what is due never depends on how much was ever sent.
    await runner.query(`
      CREATE TABLE deliveries (
        id uuid NOT NULL CONSTRAINT deliveries_pkey PRIMARY KEY,
        event uuid NOT NULL,
        account_id uuid NOT NULL,
        destination_id uuid NOT NULL,
        event_type varchar(255),
        status text NOT NULL DEFAULT 'pending',
        attempts integer NOT NULL DEFAULT 0,
        due_at timestamptz(3) NOT NULL DEFAULT now(),
        lease_token uuid,
        lease_until timestamptz(3),
        last_status_code integer,
        last_error text,
        origin text NOT NULL DEFAULT 'event',
        received_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT deliveries_status_check CHECK (status IN ('pending', 'retrying', 'held'))
      ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0)`);
    await runner.query('CREATE INDEX deliveries_due_idx ON deliveries (destination_id, due_at)');
    await runner.query('CREATE INDEX deliveries_account_id_idx ON deliveries (account_id, id)');
    // Cold: what is done. Append-only, by day, never updated.
    await runner.query(`
      CREATE TABLE finished_deliveries (
        account_id uuid NOT NULL,
        id uuid NOT NULL,
        event uuid NOT NULL,
        destination_id uuid,
        event_type varchar(255),
        status text NOT NULL,
        attempts integer NOT NULL,
        last_status_code integer,
        last_error text,
        origin text NOT NULL,
        received_at timestamptz(3) NOT NULL,
        processed_at timestamptz(3) NOT NULL DEFAULT now(),
        CONSTRAINT finished_deliveries_pkey PRIMARY KEY (account_id, id),
        CONSTRAINT finished_deliveries_status_check CHECK (status IN ('success', 'failed', 'cancelled'))
      ) PARTITION BY RANGE (id)`);
    await runner.query(
      'CREATE INDEX finished_deliveries_destination_id_idx ON finished_deliveries (destination_id, id)',
    );
    await runner.query('CREATE TABLE finished_deliveries_default PARTITION OF finished_deliveries DEFAULT');
    await runner.query(`
      CREATE TABLE attempts (
        delivery_id uuid NOT NULL,
        id uuid NOT NULL,
        number integer NOT NULL,
        started_at timestamptz(3) NOT NULL,
        duration_ms integer NOT NULL,
        status_code integer,
        error text,
        response_excerpt text,
        superseded boolean NOT NULL DEFAULT false,
        CONSTRAINT attempts_pkey PRIMARY KEY (delivery_id, id)
      ) PARTITION BY RANGE (id)`);
    await runner.query('CREATE TABLE attempts_default PARTITION OF attempts DEFAULT');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE attempts, finished_deliveries, deliveries');
  }
}
