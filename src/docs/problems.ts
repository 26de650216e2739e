import { type OpenAPIObject, type ResponseObject, getSchemaPath } from '@nestjs/swagger';
import { STATUS_CODES } from 'node:http';
import { renderProblem } from '../common/errors/problem.filter.js';
import { Problem, type ProblemCode, type ProblemOptions, problemCodes } from '../common/errors/problem.js';
import { ProblemView } from '../common/http/problem-view.js';
import { schemasOf } from './document.js';
import { headersOfProblem } from './headers.js';

const REQUEST_ID = '0197738c-1f80-7c3a-9d0e-5b1f6a2c4d7e';

/** A sentence that the product really answers, for the codes that need one to be understood. */
const details: Partial<Record<ProblemCode, string>> = {
  invalid_data: 'email must be an e-mail address such as ann@example.com.',
  unauthenticated: 'Sign in first: send "Authorization: Bearer <access_token>".',
  invalid_credentials: 'The e-mail or the password is wrong.',
  forbidden: 'You may not do this.',
  not_found: 'There is no such account, or you may not see it.',
  conflict: 'It is there already, or its state does not allow this.',
  email_taken: 'Somebody has registered with this e-mail already.',
  last_admin: 'The last Admin of an account cannot be removed.',
  event_id_reused: 'An event with this CL-X-EVENT-ID and another body was accepted before.',
  too_many_destinations:
    'An account may have 1000 destinations (MAX_DESTINATIONS_PER_ACCOUNT). Delete one that is not needed.',
  precondition_failed: 'It was changed since you read it. Read it again.',
  payload_too_large: 'The body is larger than this server accepts.',
  unsupported_media_type: 'Send JSON with the header "Content-Type: application/json".',
  rate_limited: 'This account may send 5 requests per second. Wait as long as Retry-After says.',
  internal: 'Something went wrong on our side. The request id finds it in the log.',
  unavailable: 'The database cannot be reached right now. Nothing was stored; send the request again.',
};

const options: Partial<Record<ProblemCode, ProblemOptions>> = {
  invalid_data: {
    errors: [{ field: 'email', message: 'must be an e-mail address such as ann@example.com' }],
  },
};

interface SharedResponse {
  name: string;
  response: ResponseObject;
}

/** By status: the answer that all operations share, with an example of every code it can have. */
export function problemResponses(): Record<string, SharedResponse> {
  const codes = Object.keys(problemCodes) as ProblemCode[];
  const statuses = [...new Set(codes.map((code) => problemCodes[code].status))];
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      toShared(
        status,
        codes.filter((code) => problemCodes[code].status === status),
      ),
    ]),
  );
}

function toShared(status: number, codes: ProblemCode[]): SharedResponse {
  const title = STATUS_CODES[status]!;
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]));
  const content = {
    'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) }, examples },
  };
  const response = { description: title, headers: headersOfProblem(status), content };
  return { name: title.replaceAll(/\W/g, ''), response };
}

function exampleOf(code: ProblemCode): Record<string, unknown> {
  const title = STATUS_CODES[problemCodes[code].status]!;
  return renderProblem(new Problem(code, details[code] ?? `${title}.`, options[code]), REQUEST_ID);
}

/** Lists the closed set of codes with the status of each. */
export function describeCodes(document: OpenAPIObject): void {
  const lines = Object.entries(problemCodes).map(([code, { status }]) => `- \`${code}\`: ${status}`);
  const schema = schemasOf(document).ProblemCode;
  if (schema) schema.description = `The closed list of codes, each with its status:\n${lines.join('\n')}`;
}
