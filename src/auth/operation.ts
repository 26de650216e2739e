import { SetMetadata, UseGuards, UseInterceptors, applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation } from '@nestjs/swagger';
import { ApiProblems } from '../common/http/problem-view.js';
import { BodyAccountGuard } from './body-account.guard.js';
import { OPERATION } from './operation-key.js';
import { OriginInterceptor } from './origin.interceptor.js';
import { type AccessLevel, type OperationId, accountPlaces, policy, sessionsOnly } from './policy.js';
import { unaudited } from './unaudited.js';

/** Statuses every operation of a level can answer besides its own. */
const levelProblems: Record<AccessLevel, number[]> = {
  public: [503],
  user: [401, 503],
  admin: [401, 403, 503],
  member: [401, 404, 503],
  accountAdmin: [401, 403, 404, 503],
};

/** Names an operation: its row in the policy decides who may call it, its summary and errors go to OpenAPI. */
export function Operation(id: OperationId, summary: string, ...problems: number[]): MethodDecorator {
  const level: AccessLevel = policy[id];
  const keysRefused = sessionsOnly.has(id);
  const statuses = [...new Set([...problems, ...levelProblems[level], ...(keysRefused ? [403] : [])])].sort();
  return applyDecorators(
    SetMetadata(OPERATION, id),
    ...(accountPlaces[id] === 'body' ? [UseGuards(BodyAccountGuard)] : []),
    ApiOperation({ operationId: id, summary, description: describe(level, keysRefused) }),
    ...(level === 'public' ? [] : [ApiBearerAuth()]),
    ...(unaudited[id] ? [] : [UseInterceptors(new OriginInterceptor(id))]),
    ApiProblems(...statuses),
  );
}

function describe(level: AccessLevel, keysRefused: boolean): string {
  const who: Record<AccessLevel, string> = {
    public: 'Anybody may call this.',
    user: 'Every signed-in user may call this.',
    admin: 'Admins may call this.',
    member: 'Members of the account and Admins may call this.',
    accountAdmin: 'Admins of the account and Admins may call this.',
  };
  return keysRefused ? `${who[level]} API keys are refused.` : who[level];
}
