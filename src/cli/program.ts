import { Command, CommanderError } from 'commander';
import { readVersion } from '../config/version.js';
import { explainFailure } from '../explain-failure.js';
import { auditCommand } from './audit.js';
import { createAdminCommand } from './create-admin.js';
import { doctorCommand } from './doctor.js';
import { migrateCommand } from './migrate.js';
import { openapiCommand } from './openapi.js';
import { CommandFailed } from './output.js';
import { rotateKeysCommand } from './rotate-keys.js';

/** 1 is a command that failed, 2 one that was not understood. */
const EXIT = { ok: 0, failed: 1, usage: 2 };

const commands = [
  createAdminCommand,
  migrateCommand,
  rotateKeysCommand,
  auditCommand,
  openapiCommand,
  doctorCommand,
];

const ABOUT =
  'Administers this installation of Data Pusher, beside a running one or while none runs. Reads the same settings ' +
  '(environment and .env) as npm start.';

const MORE = `
Exit codes: 0 done, 1 failed, 2 not understood. npm prints lines of its own before the output; npm run --silent cli
leaves them out.`;

function createProgram(): Command {
  const program = new Command('npm run cli --')
    .description(ABOUT)
    .version(readVersion())
    .addHelpText('after', MORE)
    .showHelpAfterError('Add --help to see what it takes.')
    .exitOverride();
  for (const add of commands) add(program);
  return program;
}

/** Runs one command. @returns the exit code of the process. */
export async function runCli(args: string[]): Promise<number> {
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof CommandFailed) {
      if (error.message) console.error(error.message);
    } else explainFailure(error);
    return EXIT.failed;
  }
}
