import { ApiProperty } from '@nestjs/swagger';
import { DateTimeField, PasswordField, TextField, ViewField } from '../common/http/fields.js';
import type { ApiKey } from './api-key.entity.js';

export class CreateApiKeyDto {
  @TextField({ about: 'Tells it from your other keys', max: 100, example: 'billing service' })
  name: string;

  @PasswordField({ about: 'The password in force', checked: false, example: 'Demo@1234' })
  currentPassword: string;

  @DateTimeField({ about: 'When it stops working; never if absent', optional: true })
  expires_at?: string;
}

export class ApiKeyView {
  @ViewField('uuid')
  id: string;

  @ApiProperty({ example: 'billing service' })
  name: string;

  @ApiProperty({ description: 'How the key begins', example: 'dp_9fK2xw' })
  prefix: string;

  @ViewField('date-time', { nullable: true, description: 'Null: it never expires' })
  expires_at: string | null;

  @ViewField('date-time', { nullable: true, description: 'To the minute; null: never used' })
  last_used_at: string | null;

  @ViewField('date-time')
  created_at: string;
}

export class CreatedApiKeyView extends ApiKeyView {
  @ApiProperty({
    description: 'Send as "Authorization: Bearer <key>". It is in this answer only and cannot be read again',
    example: 'dp_9fK2xw0Yp5mQm0cYcV0b7r3J1l2k3n4o5p6q7r8s9tA',
  })
  key: string;
}

export function toApiKeyView(row: ApiKey): ApiKeyView {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    expires_at: row.expiresAt?.toISOString() ?? null,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    created_at: row.createdAt.toISOString(),
  };
}
