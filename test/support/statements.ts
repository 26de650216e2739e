import type { DataSource } from 'typeorm';

/** The statements that management calls send to the database while `work` runs. */
export async function statementsOf(dataSource: DataSource, work: () => Promise<unknown>): Promise<string[]> {
  const statements: string[] = [];
  const before = dataSource.logger;
  const ignore = () => undefined;
  dataSource.logger = {
    logQuery: (statement) => statements.push(statement),
    logQueryError: ignore,
    logQuerySlow: ignore,
    logSchemaBuild: ignore,
    logMigration: ignore,
    log: ignore,
  };
  try {
    await work();
  } finally {
    dataSource.logger = before;
  }
  return statements;
}
