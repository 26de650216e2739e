import type { MigrationInterface, QueryRunner } from 'typeorm';

const INDEXES = {
  finished_deliveries_destination_id_status_idx: '(destination_id, status, id)',
  finished_deliveries_destination_id_status_event_type_idx: '(destination_id, status, event_type, id)',
};

/**
 * Only a list that names its destinations may take these. PostgreSQL 18 would also go through all destinations to find
 * a type of all accounts, which it now and then takes for cheaper than the index of types: 30 ms instead of 4.
 */
export class LeaveDestinationIndexesToDestinations1763769750000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [name, columns] of Object.entries(INDEXES))
      await rebuild(runner, name, `${columns} WHERE destination_id IS NOT NULL`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name, columns] of Object.entries(INDEXES)) await rebuild(runner, name, columns);
  }
}

async function rebuild(runner: QueryRunner, name: string, definition: string): Promise<void> {
  await runner.query(`DROP INDEX ${name}`);
  await runner.query(`CREATE INDEX ${name} ON finished_deliveries ${definition}`);
}
