import type { ClientBase } from 'pg';

const BATCH = 2000;

/** Removes what the search knows of an account, some blocks at a time. */
export async function purgeSearch(client: ClientBase, accountId: string, signal: AbortSignal): Promise<void> {
  let removed: number | null;
  do {
    signal.throwIfAborted();
    ({ rowCount: removed } = await client.query(
      `DELETE FROM search_blocks WHERE account_id = $1 AND id IN (
         SELECT id FROM search_blocks WHERE account_id = $1 ORDER BY id LIMIT ${BATCH})`,
      [accountId],
    ));
  } while (removed === BATCH);
  await client.query('DELETE FROM search_marks WHERE account_id = $1', [accountId]);
}
