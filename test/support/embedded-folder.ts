import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { listProcesses } from '../../src/database/embedded/os-process.js';

export const PASSWORD = 'sécret';

/** A data folder of one test; what was started in it ends with the test. */
export class EmbeddedFolder {
  /** A folder for the test alone, which need not hold the data folder. */
  readonly root = temporaryFolder();
  dataDir = join(this.root, 'data');
  /** What the starts told of. */
  readonly reports: string[] = [];
  private readonly started: EmbeddedPostgres[] = [];
  private readonly children: ChildProcess[] = [];

  constructor(private readonly template?: EmbeddedFolder) {}

  /** Fills it with a stopped cluster that has a table, since initdb takes a second. */
  copyTemplate(): void {
    execFileSync('cp', ['-a', this.template!.dataDir, this.dataDir]);
  }

  async start(
    settings: Record<string, string> = { fsync: 'off' },
    password = PASSWORD,
  ): Promise<EmbeddedPostgres> {
    const report = (line: string) => void this.reports.push(line);
    const postgres = await startEmbeddedPostgres({ dataDir: this.dataDir, password, settings, report });
    this.started.push(postgres);
    return postgres;
  }

  /** Starts it as a process of its own, see compileInto. */
  async startInChild(program: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', () => reject(new Error('the child did not start')));
    });
    return child;
  }

  /** What the product calls the cluster of this data folder. */
  get name(): string {
    return `data-pusher-${createHash('sha256').update(this.dataDir).digest('hex').slice(0, 12)}`;
  }

  /** Those of PostgreSQL. */
  processes() {
    const { name } = this;
    return listProcesses().filter(({ command }) => command.includes(name) && command.includes('postgres'));
  }

  serverPid(): number {
    return this.processes().find(({ command }) => command.includes('cluster_name='))!.pid;
  }

  async remove(): Promise<void> {
    for (const child of this.children) child.kill('SIGKILL');
    for (const postgres of this.started) await postgres.stop().catch(() => undefined);
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** Gives each test of the file a folder of its own. */
export function useEmbeddedFolder(take: (folder: EmbeddedFolder) => void): void {
  let template: EmbeddedFolder;
  let folder: EmbeddedFolder;

  beforeAll(async () => {
    template = new EmbeddedFolder();
    const postgres = await template.start();
    await query(postgres, 'CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS value');
    await postgres.stop();
  });
  afterAll(() => template.remove());
  beforeEach(() => {
    folder = new EmbeddedFolder(template);
    take(folder);
  });
  afterEach(() => folder.remove());
}

export async function query(
  postgres: Pick<EmbeddedPostgres, 'connection'>,
  sql = 'SELECT 1',
): Promise<object[]> {
  const client = new pg.Client(postgres.connection);
  await client.connect();
  try {
    return (await client.query(sql)).rows as object[];
  } finally {
    await client.end();
  }
}

/** Matches only where nothing but one line was said. */
export const oneLine = (message: RegExp) => new RegExp(`^[^\\n]*${message.source}[^\\n]*$`);

function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'dp-embedded-'));
  chmodSync(folder, 0o755);
  return folder;
}
