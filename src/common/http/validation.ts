import {
  type ArgumentMetadata,
  type PipeTransform,
  ParseUUIDPipe,
  type ValidationError,
  ValidationPipe,
} from '@nestjs/common';
import { type FieldError, Problem, notFound } from '../errors/problem.js';

/** Names that class-transformer passes over, so that the pipe would never hear of them. */
const PASSED_OVER = ['__proto__', 'constructor', 'prototype'];

class StrictValidationPipe extends ValidationPipe {
  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'custom' && typeof value === 'object' && value !== null) {
      const unknown = PASSED_OVER.filter((field) => Object.hasOwn(value, field));
      if (unknown.length > 0) throw invalidFields(unknown.map((field) => ({ field, message: UNKNOWN })));
    }
    return super.transform(value, metadata);
  }
}

const UNKNOWN = 'is not a known field';

/** Validates every body and query: unknown fields are refused by name, messages name the field. */
export function createValidationPipe(): ValidationPipe {
  return new StrictValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => invalidFields(errors.flatMap((error) => flatten(error, ''))),
  });
}

export function invalidFields(errors: FieldError[]): Problem {
  // A name that somebody made up may be empty or hold anything.
  const shown = (field: string) => (/^[^\s\p{C}]+$/u.test(field) ? field : JSON.stringify(field));
  const detail = errors.map(({ field, message }) => `${shown(field)} ${message}`).join('; ');
  return new Problem('invalid_data', `${detail}.`, { errors });
}

function flatten(error: ValidationError, parent: string): FieldError[] {
  const field = parent ? `${parent}.${error.property}` : error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    field,
    message: rule === 'whitelistValidation' ? UNKNOWN : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, field))];
}

/** A path parameter that is no UUID names nothing, so it is 404 like every other unknown id. Ids are written in lower case. */
class IdPipeTransform extends ParseUUIDPipe {
  override async transform(...value: Parameters<ParseUUIDPipe['transform']>): Promise<string> {
    const id = await super.transform(...value);
    return id!.toLowerCase();
  }
}

export const IdPipe: PipeTransform<string> = new IdPipeTransform({
  exceptionFactory: () => notFound('item'),
});
