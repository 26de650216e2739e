import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import * as check from 'class-validator';

interface FieldOptions {
  about: string;
  example?: unknown;
  optional?: boolean;
  nullable?: boolean;
  default?: unknown;
}

/** Fields of request bodies and queries: one decorator validates the value and describes it in the OpenAPI document. */
function field(options: FieldOptions, schema: ApiPropertyOptions, ...checks: PropertyDecorator[]) {
  return applyDecorators(
    ApiProperty({
      ...schema,
      description: options.about,
      required: !options.optional,
      ...(options.example === undefined ? {} : { example: options.example }),
      ...(options.nullable ? { nullable: true } : {}),
      ...(options.default === undefined ? {} : { default: options.default }),
    } as ApiPropertyOptions),
    ...presence(options),
    ...checks,
  );
}

function presence(options: FieldOptions): PropertyDecorator[] {
  if (options.nullable) return [check.IsOptional()];
  return options.optional ? [check.ValidateIf((_, value) => value !== undefined)] : [];
}

/** Text without NUL, which PostgreSQL cannot store; surrounding white space is cut. */
export const TextField = (options: FieldOptions & { max: number; min?: number }) =>
  field(
    options,
    { type: String, minLength: options.min ?? 1, maxLength: options.max },
    Transform(({ value }) => (typeof value === 'string' ? value.trim() : value)),
    check.IsString({ message: 'must be text' }),
    check.Length(options.min ?? 1, options.max, {
      message: `must have ${options.min ?? 1} to ${options.max} characters`,
    }),
    check.Matches(/^[^\0]*$/, { message: 'must not contain a NUL character' }),
    check.Matches(/^\P{Surrogate}*$/u, { message: 'must not contain half of a surrogate pair' }),
  );

/** The library throws on half a surrogate pair, and takes characters that show as nothing or turn the text around. */
const isEmailAddress = (value: unknown): boolean =>
  typeof value === 'string' && /^[^\p{C}\p{Z}]*$/u.test(value) && check.isEmail(value);

export const EmailField = (options: FieldOptions) =>
  field(
    options,
    { type: String, format: 'email', maxLength: 254 },
    Transform(({ value }) => (typeof value === 'string' ? value.trim().toLowerCase() : value)),
    check.ValidateBy(
      { name: 'isEmail', validator: { validate: isEmailAddress } },
      { message: 'must be an e-mail address such as ann@example.com' },
    ),
    check.MaxLength(254, { message: 'must have at most 254 characters' }),
  );

export const PasswordField = (options: FieldOptions & { checked?: boolean }) =>
  field(
    options,
    { type: String, format: 'password', minLength: 8, maxLength: 128 },
    check.IsString({ message: 'must be text' }),
    check.Length(options.checked === false ? 1 : 8, 128, { message: 'must have 8 to 128 characters' }),
  );

export const EnumField = (options: FieldOptions & { values: readonly string[]; name: string }) =>
  field(
    options,
    { enum: [...options.values], enumName: options.name },
    check.IsIn([...options.values], { message: `must be one of ${options.values.join(', ')}` }),
  );

export const IntegerField = (options: FieldOptions & { min: number; max: number }) =>
  field(
    options,
    { type: 'integer', minimum: options.min, maximum: options.max },
    check.IsInt({ message: `must be a whole number from ${options.min} to ${options.max}` }),
    check.Min(options.min, { message: `must be at least ${options.min}` }),
    check.Max(options.max, { message: `must be at most ${options.max}` }),
  );

/** A whole number of a query string, where everything arrives as text. */
export const IntegerQuery = (options: FieldOptions & { min: number; max: number }) =>
  applyDecorators(
    Transform(({ value }) => (/^\d{1,15}$/.test(String(value)) ? Number(value) : value)),
    IntegerField({ ...options, optional: true }),
  );

export const BooleanField = (options: FieldOptions) =>
  field(options, { type: Boolean }, check.IsBoolean({ message: 'must be true or false' }));

/** True or false in a query string. */
export const BooleanQuery = (options: FieldOptions) =>
  applyDecorators(
    Transform(({ value }) => (value === 'true' ? true : value === 'false' ? false : value)),
    BooleanField({ ...options, optional: true }),
  );

export const UuidField = (options: FieldOptions) =>
  field(options, { type: String, format: 'uuid' }, check.IsUUID('all', { message: 'must be a UUID' }));

const RFC_3339 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** The moment in UTC, where a day or a time without a zone is too; null for anything that PostgreSQL might not read. */
function toUtc(text: unknown): string | null {
  if (typeof text !== 'string' || !RFC_3339.test(text)) return null;
  if (!check.isISO8601(text, { strict: true, strictSeparator: true })) return null;
  const ms = Date.parse(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  const utc = Number.isNaN(ms) ? '' : new Date(ms).toISOString();
  return /^(?!0000)\d{4}-/.test(utc) ? utc : null;
}

/** A day or a moment; without an offset it is UTC. `after` names a field of the same query that has to be earlier. */
export const DateTimeField = (options: FieldOptions & { after?: string }) =>
  field(
    options,
    { type: String, format: 'date-time' },
    Transform(({ value }) => toUtc(value) ?? value),
    check.ValidateBy(
      { name: 'isRfc3339', validator: { validate: (value) => toUtc(value) !== null } },
      { message: 'must be an RFC 3339 time such as 2026-01-31T09:30:00Z' },
    ),
    ...(options.after ? [isAfter(options.after)] : []),
  );

const isAfter = (start: string): PropertyDecorator =>
  check.ValidateBy(
    {
      name: 'isAfter',
      validator: {
        validate: (end: unknown, args) => {
          const from = (args!.object as Record<string, unknown>)[start];
          // A start that is no time is told at its own field.
          return !(Date.parse(String(from)) >= Date.parse(String(end)));
        },
      },
    },
    { message: `must be later than ${start}` },
  );

export const WebsiteField = (options: FieldOptions) =>
  field(
    options,
    { type: String, format: 'uri', maxLength: 2048 },
    check.IsUrl(
      { protocols: ['http', 'https'], require_protocol: true, require_tld: false },
      { message: 'must be a web address such as https://example.com' },
    ),
    check.MaxLength(2048, { message: 'must have at most 2048 characters' }),
  );

export const StringListField = (
  options: FieldOptions & { maxItems: number; pattern: RegExp; rule: string },
) =>
  field(
    options,
    { type: [String], maxItems: options.maxItems },
    check.IsArray({ message: 'must be a list' }),
    check.ArrayMaxSize(options.maxItems, { message: `must have at most ${options.maxItems} entries` }),
    check.Matches(options.pattern, { each: true, message: options.rule }),
  );

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @param options.of what the ids are of, in plural */
export const IdListField = ({ of, ...options }: FieldOptions & { maxItems: number; of: string }) =>
  StringListField({
    example: ['01890a5d-ac96-774b-bcce-b302099a8057'],
    pattern: UUID,
    rule: `must be ids of ${of}`,
    ...options,
  });

export const StringMapField = (options: FieldOptions) =>
  field(
    options,
    { type: 'object', additionalProperties: { type: 'string' } },
    check.IsObject({ message: 'must be an object of strings' }),
  );

/** The schema of what producers send and destinations receive. */
export const jsonObjectOrArray = ({ nullable }: { nullable?: boolean } = {}) => ({
  oneOf: [
    { type: 'object', additionalProperties: true, ...(nullable ? { nullable } : {}) },
    { type: 'array', items: {} },
  ],
});

/** Fields of answers: described, not validated. */
export const ViewField = (type: 'uuid' | 'date-time' | 'uri' | 'email', options: ViewOptions = {}) =>
  ApiProperty({ type: String, format: type, ...options });

interface ViewOptions {
  nullable?: boolean;
  isArray?: boolean;
  required?: boolean;
  description?: string;
  example?: unknown;
}
