import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { uuidv7 } from '../common/uuid.js';
import type { AccountAccess, Caller } from '../auth/current-user.js';
import { notFound } from '../common/errors/problem.js';
import type { RecordLogDto } from './flat-logs.dto.js';
import { type LogRow, logStatement, toLogEntryView } from './log-rows.js';
import type { LogEntryView } from './logs.dto.js';

/** Entries of the log that callers record themselves. */
@Injectable()
export class ManualLogsService {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws Problem 404 when the destination is none of the account, deleted ones counted in. */
  async record({ accountId }: AccountAccess, body: RecordLogDto, caller: Caller): Promise<LogEntryView> {
    const id = uuidv7();
    const added: unknown[] = await this.dataSource.query(
      `INSERT INTO manual_log_entries (id, account_id, event_id, event, destination_id, status, message, created_by)
       SELECT $1, $2::uuid, $3::varchar, (SELECT event FROM event_keys WHERE account_id = $2 AND event_id = $3),
         $4::uuid, $5, $6, $7
       WHERE $4 IS NULL OR EXISTS (SELECT FROM destinations WHERE id = $4 AND account_id = $2)
       RETURNING id`,
      [id, accountId, body.event_id, body.destination_id, body.status, body.message, caller.id],
    );
    if (added.length === 0) throw notFound('destination');
    const filter = { where: 'false', manual: 'id = $1', values: [id], isByStatus: false };
    const [row]: LogRow[] = await this.dataSource.query(logStatement(filter, 1), filter.values);
    return toLogEntryView(row!);
  }
}
