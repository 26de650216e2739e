import pg from 'pg';

export interface Statement {
  text: string;
  values: unknown[];
}

type Query = (...args: unknown[]) => unknown;
const MANAGEMENT = 'data-pusher management';

/** What the connections of management in this process send while `work` runs. */
export async function captureStatements(work: () => Promise<unknown>): Promise<Statement[]> {
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const statements: Statement[] = [];
  prototype.query = function (this: pg.Client, ...args) {
    const { connectionParameters: of } = this as unknown as { connectionParameters: Record<string, unknown> };
    if (of.application_name === MANAGEMENT)
      statements.push({ text: String(args[0]), values: Array.isArray(args[1]) ? args[1] : [] });
    return query.apply(this, args);
  };
  try {
    await work();
  } finally {
    prototype.query = query;
  }
  return statements;
}
