import { ApiProperty, PartialType } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import {
  DateTimeField,
  EnumField,
  IntegerField,
  StringListField,
  StringMapField,
  TextField,
  ViewField,
} from '../common/http/fields.js';
import { PageQuery } from '../common/http/page.js';
import type { HeaderMap } from './destination-headers.js';
import {
  type Destination,
  type DestinationState,
  type HttpMethod,
  destinationStates,
  httpMethods,
} from './destination.entity.js';

const EVENT_TYPE_ENTRY = /^(?=.{1,255}$)(\*|[A-Za-z0-9_.:\-/]+(\.\*)?)$/;
/** A destination and its change, as the documents that this API follows spell them. */
const HEADERS_EXAMPLE = {
  APP_ID: 'e70b157d-d333-4151-ac0a-0d01cdc6989a',
  APP_SECRET: '032d03b7-6db0-4009-aef6-35a5aa5e9d35',
  ACTION: 'user.update',
  'Content-Type': 'application/json',
  Accept: '*',
};
const URL_EXAMPLE = 'https://webhook.site/930ce096-9fd6-46c9-be29-58ec51b41308';

const UpperCased = () => Transform(({ value }) => (typeof value === 'string' ? value.toUpperCase() : value));
/** The value as it came: class-transformer's copy lacks keys named like methods of Object, such as `toString`. */
const Untouched = () => Transform(({ obj, key }) => (obj as Record<string, unknown>)[key]);

export class CreateDestinationDto {
  @TextField({
    about: 'Where events are sent: http or https',
    max: 2048,
    example: URL_EXAMPLE,
  })
  url: string;

  @UpperCased()
  @EnumField({
    about: 'Method of the request',
    values: httpMethods,
    name: 'HttpMethod',
    optional: true,
    default: 'POST',
    example: 'POST',
  })
  http_method?: HttpMethod;

  @Untouched()
  @StringMapField({
    about: 'Headers of the request. The value "***" keeps what is stored for that name.',
    optional: true,
    default: {},
    example: HEADERS_EXAMPLE,
  })
  headers?: HeaderMap;

  @StringListField({
    about: 'Types of events to send: exact ones or user.*; empty takes all',
    maxItems: 100,
    pattern: EVENT_TYPE_ENTRY,
    rule: 'must be a list of types of up to 255 letters, digits and _.:-/ such as user.created, user.* or *',
    optional: true,
    default: [],
    example: ['user.*'],
  })
  event_types?: string[];

  @TextField({ about: 'What it is for', min: 0, max: 500, optional: true, nullable: true })
  description?: string | null;

  @IntegerField({ about: 'Requests under way at once', min: 1, max: 1000, optional: true, default: 128 })
  max_in_flight?: number;

  @IntegerField({
    about: 'Requests started per second; null sets no limit',
    min: 1,
    max: 100_000,
    optional: true,
    nullable: true,
  })
  rate_limit_per_second?: number | null;

  @IntegerField({
    about: 'Time a request may take; null takes the default',
    min: 100,
    max: 30_000,
    optional: true,
    nullable: true,
  })
  timeout_ms?: number | null;
}

export class UpdateDestinationDto extends PartialType(CreateDestinationDto, { skipNullProperties: false }) {}

export class ListDestinationsQuery extends PageQuery {
  @TextField({ about: 'Part of the URL or the description', max: 200, optional: true })
  q?: string;

  @EnumField({
    about: 'Only in this state',
    values: destinationStates,
    name: 'DestinationState',
    optional: true,
  })
  state?: DestinationState;

  @UpperCased()
  @EnumField({ about: 'Only with this method', values: httpMethods, name: 'HttpMethod', optional: true })
  http_method?: HttpMethod;

  @DateTimeField({ about: 'Created at or after', optional: true })
  created_from?: string;

  @DateTimeField({ about: 'Created before', after: 'created_from', optional: true })
  created_to?: string;
}

export class RotateSecretDto {
  @IntegerField({ about: 'How long both secrets sign', min: 0, max: 604_800, optional: true, default: 0 })
  grace_seconds?: number = 0;
}

export class DestinationView {
  @ViewField('uuid')
  id: string;

  @ViewField('uuid')
  account_id: string;

  @ViewField('uri', { example: URL_EXAMPLE })
  url: string;

  @ApiProperty({ enum: httpMethods, enumName: 'HttpMethod' })
  http_method: HttpMethod;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Values are "***" except for Admins of the account',
    example: HEADERS_EXAMPLE,
  })
  headers: HeaderMap;

  @ApiProperty({ type: [String], example: ['user.*'] })
  event_types: string[];

  @ApiProperty({ type: String, nullable: true })
  description: string | null;

  @ApiProperty({ enum: destinationStates, enumName: 'DestinationState' })
  state: DestinationState;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is disabled' })
  disabled_reason: string | null;

  @ApiProperty({ type: 'integer', example: 128 })
  max_in_flight: number;

  @ApiProperty({ type: 'integer', nullable: true })
  rate_limit_per_second: number | null;

  @ApiProperty({ type: 'integer', nullable: true })
  timeout_ms: number | null;

  @ApiProperty({ type: 'integer', description: 'Counts edits; the ETag holds it too', example: 1 })
  version: number;

  @ViewField('uuid', { nullable: true })
  created_by: string | null;

  @ViewField('uuid', { nullable: true })
  updated_by: string | null;

  @ViewField('date-time')
  created_at: string;

  @ViewField('date-time')
  updated_at: string;
}

export class SigningSecretView {
  @ApiProperty({ description: 'Key of the webhook-signature header', example: 'whsec_…' })
  signing_secret: string;
}

export class RotatedSecretView extends SigningSecretView {
  @ViewField('date-time', {
    nullable: true,
    description: 'Until when the secret before signs too; null: it ended',
  })
  previous_expires_at: string | null;
}

/** @param headers with their values, or masked, as the reader may see them. */
export function toDestinationView(destination: Destination, headers: HeaderMap): DestinationView {
  return {
    id: destination.id,
    account_id: destination.accountId,
    url: destination.url,
    http_method: destination.httpMethod,
    headers,
    event_types: destination.eventTypes,
    description: destination.description,
    state: destination.state,
    disabled_reason: destination.disabledReason,
    max_in_flight: destination.maxInFlight,
    rate_limit_per_second: destination.rateLimitPerSecond,
    timeout_ms: destination.timeoutMs,
    version: destination.version,
    created_by: destination.createdBy,
    updated_by: destination.updatedBy,
    created_at: destination.createdAt.toISOString(),
    updated_at: destination.updatedAt.toISOString(),
  };
}
