import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { problemCodes } from '../errors/problem.js';

export class FieldErrorView {
  @ApiProperty({ example: 'email' })
  field: string;

  @ApiProperty({ example: 'must be an e-mail address such as ann@example.com' })
  message: string;
}

/** The body of every error answer (RFC 9457). */
export class ProblemView {
  @ApiProperty({ format: 'uri' })
  type: string;

  @ApiProperty({ example: 'Invalid Data' })
  title: string;

  @ApiProperty({ type: 'integer', example: 400 })
  status: number;

  @ApiProperty({ description: 'What went wrong and what to do' })
  detail: string;

  @ApiProperty({ enum: Object.keys(problemCodes), enumName: 'ProblemCode' })
  code: string;

  @ApiProperty({ description: 'Also in the X-Request-Id header' })
  request_id: string;

  @ApiProperty({ type: [FieldErrorView] })
  errors: FieldErrorView[];
}

/** Documents the error answers of an operation. */
export const ApiProblems = (...statuses: number[]) =>
  applyDecorators(
    ApiExtraModels(ProblemView),
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: STATUS_CODES[status] ?? 'Error',
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
      }),
    ),
  );
