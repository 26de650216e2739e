import type { OpenAPIObject, ParameterObject } from '@nestjs/swagger';
import { type DescribedOperation, operationsOf } from './document.js';

/** Describes the parameters of paths, which controllers only name, and puts them first, in the order of the path. */
export function describeParameters(document: OpenAPIObject): void {
  for (const described of operationsOf(document)) {
    const parameters = (described.operation.parameters ?? []) as ParameterObject[];
    for (const parameter of parameters) if (parameter.in === 'path') describe(parameter);
    described.operation.parameters = parameters.sort((a, b) => placeOf(a, described) - placeOf(b, described));
  }
}

function describe(parameter: ParameterObject): void {
  const what = parameter.name.replace(/Id$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  parameter.description ||= parameter.name === 'id' ? 'Its id' : `Id of the ${what}`;
  const given = parameter.schema as { type?: string; format?: string } | undefined;
  const isOurs = /id$/i.test(parameter.name) && parameter.name !== 'eventId';
  parameter.schema = { type: 'string', ...(isOurs ? { format: 'uuid' } : {}), ...given };
}

function placeOf({ name, in: place }: ParameterObject, { path }: DescribedOperation): number {
  return place === 'path' ? path.indexOf(`{${name}}`) : path.length;
}
