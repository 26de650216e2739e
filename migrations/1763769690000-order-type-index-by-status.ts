import type { MigrationInterface, QueryRunner } from 'typeorm';

const NAME = 'finished_deliveries_status_event_type_idx';
const BEFORE = '(account_id, status, event_type, id)';
const AFTER = '(status, event_type, account_id, id)';

/**
 * The same columns in another order, which serve an account as before, and a type of many accounts, or of all, as well:
 * however rare it is, what there is of it stands together.
 */
export class OrderTypeIndexByStatus1763769690000 implements MigrationInterface {
  up(runner: QueryRunner): Promise<void> {
    return reorder(runner, AFTER);
  }

  down(runner: QueryRunner): Promise<void> {
    return reorder(runner, BEFORE);
  }
}

async function reorder(runner: QueryRunner, columns: string): Promise<void> {
  await runner.query(`DROP INDEX ${NAME}`);
  await runner.query(`CREATE INDEX ${NAME} ON finished_deliveries ${columns}`);
}
