import type { ClientBase } from 'pg';

/**
 * Runs a DELETE of at most `batch` rows until it finds fewer, so that none takes long.
 * @throws the reason of `signal`, between two.
 */
export async function deleteBatches(
  client: ClientBase,
  { text, values, batch }: { text: string; values: unknown[]; batch: number },
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  let count: number;
  do {
    signal.throwIfAborted();
    count = (await client.query(text, values)).rowCount ?? 0;
    total += count;
  } while (count === batch);
  return total;
}
