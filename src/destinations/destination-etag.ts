import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
  applyDecorators,
} from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Observable, tap } from 'rxjs';
import { DestinationView } from './destinations.dto.js';

/** Puts the version of the destination that is answered into the ETag header. */
@Injectable()
class EtagInterceptor implements NestInterceptor<DestinationView> {
  intercept(context: ExecutionContext, next: CallHandler<DestinationView>): Observable<DestinationView> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(tap(({ version }) => void reply.header('etag', `"${version}"`)));
  }
}

/** Answers one destination with its ETag, and documents both. */
export const AnswersDestination = (status: 200 | 201 = 200) =>
  applyDecorators(
    UseInterceptors(EtagInterceptor),
    ApiResponse({
      status,
      type: DestinationView,
      headers: {
        ETag: {
          description: 'The version of the destination; send it as If-Match to change no other',
          schema: { type: 'string', example: '"1"' },
        },
      },
    }),
  );

/** Documents If-Match. */
export const TakesIfMatch = () =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag that was read; when the destination has changed since, nothing is stored: 412',
    schema: { type: 'string', example: '"1"' },
  });

/** The versions an If-Match header names; null when it sets no condition. Weak tags never match (RFC 9110, 13.1.1). */
export function parseIfMatch(header: string | undefined): number[] | null {
  if (header === undefined || header.trim() === '*') return null;
  return header.split(',').flatMap((tag) => {
    const version = /^\s*"(\d{1,9})"\s*$/.exec(tag)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
}
