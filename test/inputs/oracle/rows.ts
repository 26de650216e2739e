import type { DataSource } from 'typeorm';

/** How many rows each table has, and a digest of all that is in them; the queue's own tables aside. */
export async function readTables(dataSource: DataSource): Promise<Record<string, string>> {
  const tables: { name: string }[] = await dataSource.query(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = 'public'
     ORDER BY 1`,
  );
  const reading = tables.map(
    ({ name }) => `
      SELECT '${name}' AS name, count(*) || ' rows, ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY md5(t::text))), '')
        AS content
      FROM ${name} t`,
  );
  const rows: { name: string; content: string }[] = await dataSource.query(reading.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ name, content }) => [name, content]));
}
