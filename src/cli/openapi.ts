import { type Command, Option } from 'commander';
import { dump } from 'js-yaml';
import { writeFile } from 'node:fs/promises';
import { readOpenApi } from '../openapi.js';
import { CommandFailed, say, tell } from './output.js';

interface Options {
  format: 'json' | 'yaml';
  out?: string;
}

export function openapiCommand(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document of this version; needs no database and no settings')
    .addOption(new Option('--format <format>', 'json or yaml').choices(['json', 'yaml']).default('json'))
    .option('--out <file>', 'write it to a file instead')
    .action(print);
}

async function print({ format, out }: Options): Promise<void> {
  const document = await readOpenApi();
  const text =
    format === 'yaml'
      ? dump(document, { skipInvalid: true, noRefs: true })
      : `${JSON.stringify(document, null, 2)}\n`;
  if (out === undefined) return say(text.trimEnd());
  await writeFile(out, text).catch((error: Error) => {
    throw new CommandFailed(`Cannot write to ${out}: ${error.message}`);
  });
  tell(`Wrote ${out}.`);
}
