import type { OpenAPIObject, OperationObject, ResponseObject } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { answersOf, bodyOf, operationsOf, schemasIn } from './document.js';
import { headersOf, sharedHeaders } from './headers.js';
import { describeCodes, problemResponses } from './problems.js';

/** What every operation may answer besides what it declares, and every operation with a body. */
const ALWAYS = [500, 503];
const WITH_BODY = [400, 413, 415];

/** Describes every answer, its headers and, once for all operations, the problems. */
export function completeAnswers(document: OpenAPIObject): void {
  const problems = problemResponses();
  const used = new Set<string>();
  for (const { operation } of operationsOf(document)) {
    operation.security ??= [];
    addProblems(operation);
    for (const [status, response] of answersOf(operation)) {
      const shared = isProblem(response) ? problems[status] : undefined;
      if (shared) {
        used.add(status);
        operation.responses[status] = { $ref: `#/components/responses/${shared.name}` };
      } else completeAnswer(response, status, operation);
    }
  }
  const responses = [...used].map((status) => [problems[status]!.name, problems[status]!.response]);
  Object.assign(document.components!, { responses: Object.fromEntries(responses), headers: sharedHeaders });
  describeCodes(document);
}

const isProblem = ({ content = {} }: ResponseObject): boolean => 'application/problem+json' in content;

function addProblems(operation: OperationObject): void {
  for (const status of [...ALWAYS, ...(schemasIn(bodyOf(operation)?.content).length > 0 ? WITH_BODY : [])])
    operation.responses[status] ??= { description: '', content: { 'application/problem+json': {} } };
}

function completeAnswer(response: ResponseObject, status: string, operation: OperationObject): void {
  response.description ||= STATUS_CODES[status]!;
  response.headers = { ...headersOf(operation, status), ...response.headers };
}
