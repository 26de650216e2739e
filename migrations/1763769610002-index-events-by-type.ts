import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Received events of one type, however rare it is. Events without a type are not in it. */
export class IndexEventsByType1763769610002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX events_event_type_idx ON events (account_id, event_type, id) WHERE event_type IS NOT NULL',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX events_event_type_idx');
  }
}
