import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How much memory a claim takes is known before it is made. */
export class AddPayloadBytesToDeliveries1763769600009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE deliveries ADD COLUMN payload_bytes integer NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE deliveries DROP COLUMN payload_bytes');
  }
}
