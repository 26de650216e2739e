import type { MigrationInterface, QueryRunner } from 'typeorm';

const TABLES = ['deliveries', 'finished_deliveries'];

/** The producer's id beside every delivery: the log then needs no event, whose body may be removed earlier. */
export class AddEventIdToDeliveries1763769600007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) {
      await runner.query(`ALTER TABLE ${table} ADD COLUMN event_id varchar(255)`);
      await runner.query(`
        UPDATE ${table} d SET event_id = coalesce(
          (SELECT e.event_id FROM events e WHERE e.account_id = d.account_id AND e.id = d.event), d.event::text)`);
      await runner.query(`ALTER TABLE ${table} ALTER COLUMN event_id SET NOT NULL`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`ALTER TABLE ${table} DROP COLUMN event_id`);
  }
}
