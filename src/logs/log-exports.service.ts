import { Inject, Injectable, StreamableFile } from '@nestjs/common';
import { stringify } from 'csv-stringify/sync';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Logger } from 'pino';
import { unavailable } from '../common/errors/problem.js';
import type { Page } from '../common/http/page.js';
import { LOGGER } from '../common/logger.js';
import { Turns } from '../common/turns.js';
import {
  type ExportFormat,
  type ExportLogsQuery,
  ListLogsQuery,
  type LogEntryView,
  logColumns,
} from './logs.dto.js';
import { LogsService } from './logs.service.js';

const PAGE_ROWS = 500;
const MAX_EXPORTS = 10;
/** However slowly one reads, others get theirs. */
const MAX_OF_ACCOUNT = 4;
/** However many read, most connections for management are left to the rest of it. */
const PAGES_AT_ONCE = 2;
/** A client that reads nothing for so long is cut off, at the latest after twice as long. */
const STALLED_MS = 60_000;

const CONTENT_TYPES: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Whole logs as files. Between two pages an export holds nothing of the database, however slowly it is read. */
@Injectable()
export class LogExportsService {
  private running = 0;
  private readonly ofAccounts = new Map<string, number>();
  private readonly turns = new Turns({ atOnce: PAGES_AT_ONCE, waiting: MAX_EXPORTS }, tooMany);

  constructor(
    private readonly logs: LogsService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async start(accountId: string, query: ExportLogsQuery, response: ServerResponse): Promise<StreamableFile> {
    if (this.running >= MAX_EXPORTS) throw tooMany();
    if ((this.ofAccounts.get(accountId) ?? 0) >= MAX_OF_ACCOUNT) throw tooManyOfAccount();
    this.count(accountId, 1);
    try {
      // Before the first byte, so that what is wrong from the beginning is a problem like any other.
      const first = await this.readPage(accountId, query);
      const stream = Readable.from(this.chunks(accountId, query, first), { objectMode: false });
      stream.once('close', () => this.count(accountId, -1));
      response.setTimeout(STALLED_MS, () => response.destroy());
      return toFile(stream, accountId, query.format);
    } catch (error) {
      this.count(accountId, -1);
      throw error;
    }
  }

  private count(accountId: string, change: 1 | -1): void {
    this.running += change;
    const left = (this.ofAccounts.get(accountId) ?? 0) + change;
    if (left > 0) this.ofAccounts.set(accountId, left);
    else this.ofAccounts.delete(accountId);
  }

  /** An error on the way cuts the connection: an answer that ended well would pass for the whole log. */
  private async *chunks(accountId: string, query: ExportLogsQuery, first: Page<LogEntryView>) {
    try {
      let { data, page } = first;
      yield format(data, query.format, true);
      while (page.next !== null) {
        ({ data, page } = await this.readPage(accountId, query, page.next));
        yield format(data, query.format, false);
      }
    } catch (error) {
      this.logger.error({ err: error, account_id: accountId }, 'export.failed');
      throw error;
    }
  }

  private readPage(accountId: string, query: ExportLogsQuery, cursor?: string): Promise<Page<LogEntryView>> {
    const page = Object.assign(new ListLogsQuery(), query, { limit: PAGE_ROWS, cursor });
    return this.turns.take(() => this.logs.list(accountId, page));
  }
}

const tooManyOfAccount = () =>
  unavailable(
    `${MAX_OF_ACCOUNT} exports of this account run at this moment. Try again when one has ended.`,
    10,
  );

const tooMany = () => unavailable(`${MAX_EXPORTS} exports run at this moment. Try again in a while.`, 10);

function format(rows: LogEntryView[], as: ExportFormat, isFirst: boolean): string {
  if (as === 'ndjson') return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  return stringify(rows, {
    columns: logColumns,
    header: isFirst,
    record_delimiter: '\r\n',
    quote_record_delimiter: true,
    // Producers and destinations write some of these cells; a spreadsheet must not run them.
    escape_formulas: true,
  });
}

function toFile(stream: Readable, accountId: string, as: ExportFormat): StreamableFile {
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const disposition = `attachment; filename="logs-${accountId}-${time}.${as}"`;
  // Told by `chunks`; the library would print the error once more.
  return new StreamableFile(stream, { type: CONTENT_TYPES[as], disposition }).setErrorLogger(() => undefined);
}
