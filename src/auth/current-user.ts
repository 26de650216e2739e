import { type ExecutionContext, createParamDecorator } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import type { Role } from '../users/user.entity.js';
import type { AccountScope } from './account-scope.js';

/** Who is calling, read from the database for this request; never from the token's claims. */
export interface Caller {
  id: string;
  email: string;
  role: Role;
  /** Of the API key that the request came with; absent in a session. */
  apiKeyId?: string;
}

/** What the caller is in the account of the request: global Admins count as its Admin. */
export interface AccountAccess {
  accountId: string;
  role: Role;
}

export interface AuthenticatedRequest {
  user: Caller;
  access?: AccountAccess;
  /** For a list across accounts: the one that was asked for, or all that the caller may see. */
  scope?: AccountScope;
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: unknown;
}

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<AuthenticatedRequest>();

export const CurrentUser = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).user,
);

const documentAccountId: ParameterDecorator = (controller, handler) => {
  const method = Object.getOwnPropertyDescriptor(controller, handler!)!;
  ApiParam({ name: 'accountId', format: 'uuid' })(controller, handler!, method);
};

/** What the guard found. It reads the account from the path, which no parameter of the handler would document. */
export const CurrentAccess = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).access,
  [documentAccountId],
);

/** What the guard found where the path names no account; see `accountPlaces`. */
export const FoundAccess = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).access,
);

/** The accounts of a list across accounts. */
export const CurrentScope = createParamDecorator(
  (_: unknown, context: ExecutionContext) => requestOf(context).scope,
);
