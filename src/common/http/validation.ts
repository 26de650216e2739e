import { type PipeTransform, ParseUUIDPipe, type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldError, Problem, notFound } from '../errors/problem.js';

/** Validates every body and query: unknown fields are refused by name, messages name the field. */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => invalidFields(errors.flatMap((error) => flatten(error, ''))),
  });
}

export function invalidFields(errors: FieldError[]): Problem {
  const detail = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new Problem('invalid_data', `${detail}.`, { errors });
}

function flatten(error: ValidationError, parent: string): FieldError[] {
  const field = parent ? `${parent}.${error.property}` : error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    field,
    message: rule === 'whitelistValidation' ? 'is not a known field' : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => flatten(child, field))];
}

/** A path parameter that is no UUID names nothing, so it is 404 like every other unknown id. */
export const IdPipe: PipeTransform<string> = new ParseUUIDPipe({
  exceptionFactory: () => notFound('item'),
});
