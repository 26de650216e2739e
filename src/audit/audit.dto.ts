import { ApiProperty } from '@nestjs/swagger';
import { DateTimeField, TextField, UuidField, ViewField } from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import type { Changes } from './audit-changes.js';
import type { AuditEntry } from './audit-entry.entity.js';
import { type Via, vias } from './audit-origin.js';

export class ListAccountAuditQuery extends PageQuery {
  @TextField({ about: 'Id or e-mail of who did it', max: 254, optional: true })
  actor?: string;

  @UuidField({ about: 'Changes made with this API key, also when it is revoked', optional: true })
  api_key_id?: string;

  @TextField({ about: 'Operation, such as createAccount', max: 100, optional: true })
  action?: string;

  @UuidField({ about: 'Changes of this object', optional: true })
  target_id?: string;

  @DateTimeField({ about: 'At or after', optional: true })
  from?: string;

  @DateTimeField({ about: 'Before', optional: true })
  to?: string;

  @TextField({ about: 'Part of the e-mail, the operation or the changes', max: 200, optional: true })
  q?: string;
}

export class ListAuditQuery extends ListAccountAuditQuery {
  @UuidField({ about: 'Changes in this account', optional: true })
  account_id?: string;
}

const CHANGES_EXAMPLE = { account_name: ['Old name', 'New name'], app_secret_token: ['***', '***'] };

export class AuditEntryView {
  @ApiProperty({ type: 'integer', description: 'Counts from 1 without a gap', example: 1 })
  seq: number;

  @ViewField('uuid')
  id: string;

  @ViewField('date-time')
  at: string;

  @ApiProperty({ description: 'Operation of the API, or command', example: 'updateAccount' })
  action: string;

  @ApiProperty({ enum: vias, enumName: 'AuditVia' })
  via: Via;

  @ViewField('uuid', { nullable: true, description: 'Null for the command line and the product itself' })
  actor_id: string | null;

  @ViewField('email', { nullable: true, description: 'The e-mail at that time' })
  actor_email: string | null;

  @ViewField('uuid', {
    nullable: true,
    description: 'The API key of the actor that was used; null without one',
  })
  api_key_id: string | null;

  @ApiProperty({ example: 'account' })
  target_type: string;

  @ViewField('uuid', { nullable: true })
  target_id: string | null;

  @ViewField('uuid', { nullable: true })
  account_id: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'array', items: {} },
    description: 'Each field that changed with what it was and what it is; secrets are "***"',
    example: CHANGES_EXAMPLE,
  })
  changes: Changes;

  @ApiProperty({ type: String, nullable: true })
  request_id: string | null;

  @ApiProperty({ type: String, nullable: true })
  ip: string | null;

  @ApiProperty({ description: 'hash of the row before; 64 zeros for the first' })
  prev_hash: string;

  @ApiProperty({
    description:
      'SHA-256, in hexadecimal, of this object as canonical JSON (RFC 8785), without `hash`, and without `api_key_id` where that is null',
  })
  hash: string;
}

export function toAuditEntryView(entry: AuditEntry): AuditEntryView {
  return {
    seq: Number(entry.seq),
    id: entry.id,
    at: entry.at.toISOString(),
    action: entry.action,
    via: entry.via,
    actor_id: entry.actorId,
    actor_email: entry.actorEmail,
    api_key_id: entry.apiKeyId,
    target_type: entry.targetType,
    target_id: entry.targetId,
    account_id: entry.accountId,
    changes: entry.changes,
    request_id: entry.requestId,
    ip: entry.ip,
    prev_hash: entry.prevHash,
    hash: entry.hash,
  };
}
