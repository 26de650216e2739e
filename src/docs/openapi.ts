import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { completeAnswers } from './answers.js';
import { operationsOf } from './document.js';
import { addExamples } from './examples.js';
import { nameSchemas } from './names.js';
import { sortDocument } from './order.js';
import { describeParameters } from './parameters.js';
import { shapeSchemas } from './schemas.js';
import { tagDescriptions } from './tags.js';

/** Also what nothing in the document itself can say, because it holds for every operation. */
const DESCRIPTION = `Self-hosted webhook gateway: accepts JSON events, stores them durably and delivers them to every destination.

**Conventions.** JSON in and out. Ids are UUIDs (version 7, so they sort by time), times are RFC 3339 in UTC. Every path
also answers without \`/api\`, and a trailing slash never matters. Unknown fields and query parameters are 400.

**Sign in** with \`POST /api/user/login\` and send \`Authorization: Bearer <access_token>\`. Producers send the token of
their account as \`CL-X-TOKEN\` instead.

**Lists** answer \`{ "data": […], "page": { "next", "limit" } }\`, newest first. Send \`page.next\` as \`cursor\` to read on; it
is null at the end. \`limit\` is 1 to 200.

**Errors** are \`application/problem+json\` (RFC 9457). \`code\` comes from the closed list of \`ProblemCode\`; \`errors\` names
every wrong field. What belongs to another account is 404, as if it were not there.

**Request ids.** A sane \`X-Request-Id\` of yours is kept, otherwise one is made; it is on every answer.`;

/** The OpenAPI document of everything the application serves, the same for the same code. */
export function createOpenApi(app: NestFastifyApplication, version: string): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, describeProduct(version));
  shapeSchemas(document);
  describeProducers(document);
  describeParameters(document);
  completeAnswers(document);
  nameSchemas(document);
  addExamples(document);
  return sortDocument(withTags(document));
}

function describeProduct(version: string) {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle('Data Pusher')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/', 'This installation')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      description: 'The access_token of a sign-in, or an API key (`dp_…`)',
    })
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'CL-X-TOKEN', description: 'The app_secret_token of an account' },
      'accountToken',
    );
  const product = builder.build();
  product.info.contact = { name: 'Whoever runs this installation' };
  return product;
}

/** Incoming data is public to the guard of users; its own guard asks for the token of an account. */
function describeProducers(document: OpenAPIObject): void {
  for (const { operation } of operationsOf(document))
    if (operation.security?.some((scheme) => 'accountToken' in scheme))
      operation.description = 'Whoever has the token of the account may call this.';
}

function withTags(document: OpenAPIObject): OpenAPIObject {
  const used = new Set(operationsOf(document).flatMap(({ operation }) => operation.tags ?? []));
  const tags = Object.entries(tagDescriptions).map(([name, description]) => ({ name, description }));
  return { ...document, tags: tags.filter(({ name }) => used.has(name)) };
}
