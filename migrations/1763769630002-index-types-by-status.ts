import type { MigrationInterface, QueryRunner } from 'typeorm';

const BEFORE = {
  finished_deliveries_event_type_idx: '(account_id, event_type, id)',
  finished_deliveries_destination_id_event_type_idx: '(destination_id, event_type, id)',
  finished_deliveries_unsuccessful_event_type_idx:
    "(account_id, status, event_type, id) WHERE status <> 'success'",
  finished_deliveries_unsuccessful_destination_id_event_type_idx:
    "(destination_id, status, event_type, id) WHERE status <> 'success'",
};
const AFTER = {
  finished_deliveries_status_event_type_idx: '(account_id, status, event_type, id)',
  finished_deliveries_destination_id_status_event_type_idx: '(destination_id, status, event_type, id)',
};

/**
 * Read status by status, two indexes serve what four did: with and without a status, and also what was delivered
 * among a million deliveries that failed.
 */
export class IndexTypesByStatus1763769630002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await replace(runner, BEFORE, AFTER);
  }

  async down(runner: QueryRunner): Promise<void> {
    await replace(runner, AFTER, BEFORE);
  }
}

async function replace(runner: QueryRunner, old: object, made: Record<string, string>): Promise<void> {
  for (const [name, columns] of Object.entries(made))
    await runner.query(`CREATE INDEX ${name} ON finished_deliveries ${columns}`);
  for (const name of Object.keys(old)) await runner.query(`DROP INDEX ${name}`);
}
