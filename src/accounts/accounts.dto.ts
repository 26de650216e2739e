import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import {
  BooleanField,
  DateTimeField,
  EmailField,
  IntegerField,
  TextField,
  ViewField,
  WebsiteField,
} from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import type { Account } from './account.entity.js';

export class CreateAccountDto {
  @TextField({ about: 'Name of the account', max: 200, example: 'Webhook Test Account' })
  account_name: string;

  // A URL's path may hold anything but white space for IsUrl, also what PostgreSQL cannot store.
  @Matches(/^[^\p{Cc}\p{Surrogate}]*$/u, { message: 'must not contain control characters' })
  @WebsiteField({
    about: 'Web site of the account',
    optional: true,
    nullable: true,
    example: 'https://webhook.site',
  })
  website?: string | null;

  @EmailField({
    about: 'Contact; unique among accounts',
    optional: true,
    nullable: true,
    example: 'test@example.com',
  })
  email?: string | null;
}

export class UpdateAccountDto extends PartialType(CreateAccountDto, { skipNullProperties: false }) {
  @IntegerField({ about: 'Events accepted per second; Admins only', min: 1, max: 1_000_000, optional: true })
  rate_limit_per_second?: number;

  @BooleanField({ about: 'Refuse events without CL-X-EVENT-ID; Admins only', optional: true })
  require_event_id?: boolean;
}

export class ListAccountsQuery extends PageQuery {
  @TextField({ about: 'Part of the name, e-mail or web site', max: 200, optional: true })
  q?: string;

  @DateTimeField({ about: 'Created at or after', optional: true })
  created_from?: string;

  @DateTimeField({ about: 'Created before', after: 'created_from', optional: true })
  created_to?: string;
}

export class RotateTokenDto {
  @IntegerField({
    about: 'How long the old token goes on working',
    min: 0,
    max: 604_800,
    optional: true,
    default: 0,
  })
  grace_seconds?: number = 0;
}

export class AccountView {
  @ViewField('uuid')
  id: string;

  @ApiProperty({ example: 'Webhook Test Account' })
  account_name: string;

  @ApiProperty({ type: String, nullable: true, example: 'https://webhook.site' })
  website: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'test@example.com' })
  email: string | null;

  @ApiProperty({
    required: false,
    description: 'What producers send as CL-X-TOKEN; only for Admins of the account',
  })
  app_secret_token?: string;

  @ApiProperty({ type: 'integer', example: 5 })
  rate_limit_per_second: number;

  @ApiProperty()
  require_event_id: boolean;

  @ViewField('uuid', { nullable: true })
  created_by: string | null;

  @ViewField('uuid', { nullable: true })
  updated_by: string | null;

  @ViewField('date-time')
  created_at: string;

  @ViewField('date-time')
  updated_at: string;
}

/** @param token the account's secret, for callers who may see it. */
export function toAccountView(account: Account, token: string | null): AccountView {
  return {
    id: account.id,
    account_name: account.accountName,
    website: account.website,
    email: account.email,
    ...(token === null ? {} : { app_secret_token: token }),
    rate_limit_per_second: account.rateLimitPerSecond,
    require_event_id: account.requireEventId,
    created_by: account.createdBy,
    updated_by: account.updatedBy,
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
  };
}
