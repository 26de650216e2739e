import type { ClientBase } from 'pg';
import { deleteBatches } from '../database/delete-batches.js';

const BATCH = 2000;
const REMOVE_BLOCKS = `
  DELETE FROM search_blocks WHERE account_id = $1 AND id IN (
    SELECT id FROM search_blocks WHERE account_id = $1 ORDER BY id LIMIT ${BATCH})`;

/** Removes what the search knows of an account, some blocks at a time. */
export async function purgeSearch(client: ClientBase, accountId: string, signal: AbortSignal): Promise<void> {
  await deleteBatches(client, { text: REMOVE_BLOCKS, values: [accountId], batch: BATCH }, signal);
  await client.query('DELETE FROM search_marks WHERE account_id = $1', [accountId]);
}
