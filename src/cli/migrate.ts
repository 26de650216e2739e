import type { Command } from 'commander';
import { migrate, readMigrationState } from '../database/migrate.js';
import { withInstallation } from './installation.js';
import { CommandFailed, count, say } from './output.js';

export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the schema of the database up to date, as every start does')
    .option('--dry-run', 'show what would run and run nothing')
    .option('--status', 'show every migration; runs nothing')
    .action((options: { dryRun?: boolean; status?: boolean }) =>
      options.dryRun || options.status ? showState(options.status === true) : run(),
    );
}

async function run(): Promise<void> {
  const done = await withInstallation(({ database }) => migrate(database));
  for (const name of done) say(`ran ${name}`);
  say(done.length === 0 ? 'The schema is up to date.' : `${count(done.length, 'migration')} ran.`);
}

async function showState(all: boolean): Promise<void> {
  const { applied, pending, unknown } = await withInstallation(({ database }) =>
    readMigrationState(database),
  );
  if (all) for (const name of applied) say(`done     ${name}`);
  for (const name of pending) say(`pending  ${name}`);
  for (const name of unknown) say(`unknown  ${name}`);
  say(`${applied.length} done, ${pending.length} pending.`);
  if (unknown.length > 0) throw new CommandFailed('The database was migrated by a newer version.');
}
