import type { Command } from 'commander';
import { readdir } from 'node:fs/promises';
import { AppConfig } from '../config/app-config.js';
import { type Env, SettingsError, readEnv } from '../config/env.js';
import { readVersion } from '../config/version.js';
import { findCluster } from '../database/embedded/home.js';
import { describeFailure } from '../explain-failure.js';
import { checkDatabase } from './doctor/database-checks.js';
import { type Finding, fail, ok, warn } from './doctor/finding.js';
import { checkDataFolder, checkDescriptors, checkEgress, checkPort } from './doctor/machine-checks.js';
import { checkQueue } from './doctor/queue-checks.js';
import { withInstallation } from './installation.js';
import { CommandFailed, count, say } from './output.js';

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check settings, database, queue, clocks, disk and limits, and say what to do')
    .addHelpText('after', '\nEach line is ok, warn or fail. Exit code 1 when something fails.')
    .action(async () => {
      const findings = await examine();
      for (const finding of findings) show(finding);
      const failed = findings.filter(({ level }) => level === 'fail').length;
      const warned = findings.filter(({ level }) => level === 'warn').length;
      say(`\n${count(findings.length, 'check')}, ${failed} failed, ${count(warned, 'warning')}.`);
      if (failed > 0) throw new CommandFailed('');
    });
}

function show({ level, what, says, todo }: Finding): void {
  say(`${level.padEnd(4)}  ${what}: ${says}`);
  if (todo) say(`      ${todo}`);
}

async function examine(): Promise<Finding[]> {
  let env: Env;
  try {
    env = readEnv();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message
      .split('\n')
      .map((line) => fail('settings', line, 'Set it right in the environment or in .env; see .env.example.'));
  }
  const config = new AppConfig(env, { jwtSecret: '', encryptionKeys: '', databasePassword: '' }, {}, '');
  return [
    ok('settings', `Data Pusher ${readVersion()}, Node.js ${process.versions.node}, ${env.NODE_ENV}`),
    ...(await checkDataFolder(config)),
    ...checkDescriptors(config),
    await checkPort(config),
    checkEgress(config),
    ...(await examineStores(config)),
  ];
}

/** The database and what is on it. A doctor makes no database. */
async function examineStores(config: AppConfig): Promise<Finding[]> {
  if (config.embedded && !(await hasCluster(config.env.DATA_DIR)))
    return [
      warn('database', `there is none in ${config.env.DATA_DIR} yet`, 'The first npm start makes it.'),
      ...(config.env.REDIS_URL ? await checkQueue(config) : []),
    ];
  try {
    return await withInstallation(async (installation) => [
      ...(await checkDatabase(installation)),
      ...(await checkQueue(installation)),
    ]);
  } catch (error) {
    const says = describeFailure(error) ?? String((error as Error).message || error);
    return [fail('database', says, 'Check that PostgreSQL runs and lets this user in.')];
  }
}

async function hasCluster(dataDir: string): Promise<boolean> {
  const files = await readdir(await findCluster(dataDir)).catch(() => []);
  return files.length > 0;
}
