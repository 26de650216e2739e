import pg from 'pg';
import type { BinaryParameter } from './binary-arrays.js';

/** A column of a batch, or text that PostgreSQL reads. */
export type Parameter = BinaryParameter | string | null;

interface Statement {
  name: string;
  text: string;
}

/** The columns in the order of the statement, as the text that PostgreSQL writes of them. */
export type BatchRow = readonly (string | null)[];

/**
 * Runs a prepared statement with a whole batch of rows as its parameters. They are written into one message of exactly
 * their size; node-postgres by itself would copy each of them into a buffer that grows. What comes back is not described
 * each time it is asked for, and not made into objects: whoever asks knows its columns.
 */
export async function queryBatch<Row extends BatchRow>(
  database: pg.Pool | pg.PoolClient,
  statement: Statement,
  parameters: readonly Parameter[],
): Promise<Row[]> {
  const query = new BatchQuery<Row>(statement, parameters);
  try {
    return await new Promise((resolve, reject) =>
      database.query(query as unknown as pg.QueryConfig, (error) =>
        error ? reject(error) : resolve(query.found),
      ),
    );
  } catch (error) {
    // It leads to whoever asked, not to the socket.
    Error.captureStackTrace(error as Error);
    throw error;
  }
}

/** What a query of node-postgres does beyond its types. */
const PreparingQuery = pg.Query as unknown as new (statement: Statement) => pg.Submittable & {
  /** Sends the statement, where the connection has not seen it, what binds it to its parameters, and what runs it. */
  prepare(connection: pg.Connection): void;
  handleDataRow(message: { fields: BatchRow }): void;
};

class BatchQuery<Row extends BatchRow> extends PreparingQuery {
  readonly found: Row[] = [];

  constructor(
    private readonly statement: Statement,
    private readonly parameters: readonly Parameter[],
  ) {
    super(statement);
  }

  override prepare(connection: pg.Connection): void {
    const { stream } = connection;
    const bind = () => stream.writable && stream.write(bindMessage(this.statement.name, this.parameters));
    super.prepare(Object.create(connection, { bind: { value: bind }, describe: { value: nothing } }));
  }

  override handleDataRow({ fields }: { fields: Row }): void {
    this.found.push(fields);
  }
}

const nothing = (): void => undefined;

const FORMAT = { text: 0, binary: 1 };
const NULL_LENGTH = -1;

/** The message Bind of PostgreSQL's protocol (Message Formats), for the portal without a name. */
function bindMessage(name: string, parameters: readonly Parameter[]): Buffer {
  const sizes = parameters.map(sizeOf);
  const nameBytes = Buffer.byteLength(name);
  // Code and length, the names of portal and statement with their ends, formats, parameters, format of the results.
  let bytes = 5 + 1 + nameBytes + 1 + 2 + 2 * parameters.length + 2 + 4;
  for (const size of sizes) bytes += 4 + size;
  const message = Buffer.allocUnsafe(bytes);
  let at = message.write('B', 0);
  at = message.writeInt32BE(bytes - 1, at);
  at = message.writeUInt8(0, at);
  at += message.write(name, at);
  at = message.writeUInt8(0, at);
  at = message.writeInt16BE(parameters.length, at);
  for (const value of parameters) at = message.writeInt16BE(isText(value) ? FORMAT.text : FORMAT.binary, at);
  at = message.writeInt16BE(parameters.length, at);
  parameters.forEach((value, index) => {
    at = message.writeInt32BE(value === null ? NULL_LENGTH : sizes[index]!, at);
    if (value === null) return;
    if (typeof value === 'string') message.write(value, at);
    else value.write(message, at);
    at += sizes[index]!;
  });
  at = message.writeInt16BE(1, at);
  message.writeInt16BE(FORMAT.text, at);
  return message;
}

const isText = (value: Parameter): value is string | null => value === null || typeof value === 'string';

function sizeOf(value: Parameter): number {
  if (value === null) return 0;
  return typeof value === 'string' ? Buffer.byteLength(value) : value.bytes;
}
