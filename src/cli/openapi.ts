import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Command, Option } from 'commander';
import { dump } from 'js-yaml';
import { writeFile } from 'node:fs/promises';
import { AppModule } from '../app.module.js';
import { setPrefix } from '../app.setup.js';
import { AppConfig } from '../config/app-config.js';
import { readEnv } from '../config/env.js';
import { readVersion } from '../config/version.js';
import { createOpenApi } from '../docs/openapi.js';
import { CommandFailed, say, tell } from './output.js';

interface Options {
  format: 'json' | 'yaml';
  out?: string;
}

/** The document depends on no setting and no secret; modules only want to see some. */
const NO_SECRETS = {
  jwtSecret: '',
  encryptionKeys: `none:${Buffer.alloc(32).toString('base64')}`,
  databasePassword: '',
};

export function openapiCommand(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document of this version; needs no database and no settings')
    .addOption(new Option('--format <format>', 'json or yaml').choices(['json', 'yaml']).default('json'))
    .option('--out <file>', 'write it to a file instead')
    .action(print);
}

async function print({ format, out }: Options): Promise<void> {
  const document = await describeApi();
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

/** Looks at the controllers without making anything behind them. */
async function describeApi(): Promise<object> {
  const config = new AppConfig(readEnv({}), NO_SECRETS, {}, readVersion());
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(config, 'api'),
    new FastifyAdapter(),
    { preview: true, logger: false, abortOnError: false },
  );
  setPrefix(app);
  return createOpenApi(app, config.version);
}
