import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import type { FastifyRequest } from 'fastify';
import { Problem, invalid } from '../errors/problem.js';
import { contentTypeOf, hasBody, readBody } from './unread-bodies.js';
import { invalidFields } from './validation.js';

/** How bodies are judged; each gives a sentence where something is wrong. */
export interface BodyRules {
  maxBytes: number;
  mediaProblem(contentType: string | undefined, contentEncoding: string | undefined): string | null;
  /** The object or list that the body is, or what is wrong with it. */
  parseJson(body: Buffer): object | string;
}

interface KnownOperation {
  isExempt: boolean;
  takesQuery: boolean;
  takesBody: boolean;
}

/**
 * Runs behind the guard that decides who may call: only then is the body read. Whatever the operation does not
 * take, parameters in the address or fields in the body, is refused by name here or by its DTO.
 */
export class StrictRequestGuard implements CanActivate {
  private readonly operations = new WeakMap<object, KnownOperation>();

  constructor(
    private readonly rules: BodyRules,
    private readonly isExempt: (request: FastifyRequest) => boolean,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const operation = this.operationOf(context, request);
    if (operation.isExempt) return true;
    if (!operation.takesQuery) refuseFields(Object.keys(request.query as object));
    if (request.method === 'GET' || request.method === 'HEAD' || !hasBody(request)) return true;
    return this.readJson(request, operation.takesBody);
  }

  /** What is the same for every request of an operation is looked up once: events pass here too. */
  private operationOf(context: ExecutionContext, request: FastifyRequest): KnownOperation {
    const known = this.operations.get(context.getHandler());
    if (known) return known;
    const operation = {
      isExempt: this.isExempt(request),
      takesQuery: takes(context, RouteParamtypes.QUERY),
      takesBody: takes(context, RouteParamtypes.BODY),
    };
    this.operations.set(context.getHandler(), operation);
    return operation;
  }

  private async readJson(request: FastifyRequest, isTaken: boolean): Promise<true> {
    const mediaProblem = this.rules.mediaProblem(contentTypeOf(request), request.headers['content-encoding']);
    if (mediaProblem) throw new Problem('unsupported_media_type', mediaProblem);
    const bytes = await readBody(request, this.rules.maxBytes);
    const body = this.rules.parseJson(bytes);
    if (typeof body === 'string') throw invalid('body', body);
    if (countValues(body, MAX_VALUES) > MAX_VALUES)
      throw invalid('body', `may hold ${MAX_VALUES} fields and list entries in all`);
    const reserved = findReserved(body);
    if (reserved !== null) throw invalid(reserved, 'is a name that no field may have');
    if (Array.isArray(body) && !isTaken)
      throw invalid('body', 'must be an object; this operation takes no list');
    if (!isTaken) refuseFields(Object.keys(body));
    request.body = body;
    return true;
  }
}

/** Bodies become instances of their DTO in time that grows with the square of this; 3,000 take 15 ms. */
const MAX_VALUES = 3000;

/** Counts no further than is needed to know that there are more than `most`. */
function countValues(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  const values = Object.values(value);
  let count = values.length;
  for (const inner of values) {
    if (count > most) break;
    count += countValues(inner, most - count);
  }
  return count;
}

/** Names that reach the prototype of an object; Nest would drop some of them without a word. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

/** The path of the first reserved name; bodies are not nested deep here, their rules see to that. */
function findReserved(value: unknown, path = ''): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, child] of Object.entries(value)) {
    const field = path === '' ? key : `${path}.${key}`;
    const found = RESERVED.has(key) ? field : findReserved(child, field);
    if (found !== null) return found;
  }
  return null;
}

function refuseFields(names: string[]): void {
  if (names.length > 0)
    throw invalidFields(names.map((field) => ({ field, message: 'is not a known field' })));
}

/** Whether the controller's method has a parameter of this kind, which Nest writes down as `<kind>:<index>`. */
function takes(context: ExecutionContext, kind: RouteParamtypes): boolean {
  const parameters = (Reflect.getMetadata(
    ROUTE_ARGS_METADATA,
    context.getClass(),
    context.getHandler().name,
  ) ?? {}) as object;
  return Object.keys(parameters).some((key) => key.startsWith(`${kind}:`));
}
