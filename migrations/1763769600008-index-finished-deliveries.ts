import type { MigrationInterface, QueryRunner } from 'typeorm';

const INDEXES = {
  finished_deliveries_destination_id_status_idx: '(destination_id, status, id)',
  finished_deliveries_event_type_idx: '(account_id, event_type, id)',
  finished_deliveries_destination_id_event_type_idx: '(destination_id, event_type, id)',
  finished_deliveries_unsuccessful_idx: "(account_id, status, id) WHERE status <> 'success'",
  finished_deliveries_unsuccessful_event_type_idx:
    "(account_id, status, event_type, id) WHERE status <> 'success'",
  finished_deliveries_unsuccessful_destination_id_event_type_idx:
    "(destination_id, status, event_type, id) WHERE status <> 'success'",
};

/** Every filter of the log reads the rows it shows and no others, however rare they are among millions. */
export class IndexFinishedDeliveries1763769600008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [name, columns] of Object.entries(INDEXES))
      await runner.query(`CREATE INDEX ${name} ON finished_deliveries ${columns}`);
    await runner.query('DROP INDEX finished_deliveries_destination_id_idx');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE INDEX finished_deliveries_destination_id_idx ON finished_deliveries (destination_id, id)',
    );
    for (const name of Object.keys(INDEXES)) await runner.query(`DROP INDEX ${name}`);
  }
}
