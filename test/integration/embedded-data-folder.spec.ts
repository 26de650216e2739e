import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataFolderError } from '../../src/database/embedded-postgres.js';
import { type EmbeddedFolder, oneLine, query, useEmbeddedFolder } from '../support/embedded-folder.js';
import { compileInto } from '../support/embedded-program.js';

const isRoot = process.getuid?.() === 0;

// Each test makes or copies clusters of tens of megabytes, which takes long on a busy machine.
const limits = { timeout: 60_000 };

let folder: EmbeddedFolder;
useEmbeddedFolder((made) => {
  folder = made;
});

describe('the data folder of the embedded PostgreSQL', limits, () => {
  it('finishes what an interrupted first start left', async () => {
    mkdirSync(join(folder.dataDir, 'postgres-new-abc', 'cluster'), { recursive: true });
    mkdirSync(join(folder.dataDir, 'postgres'));
    await folder.start();
    expect(readdirSync(folder.dataDir).sort()).toEqual(['instance.json', 'postgres', 'postgres.log']);
  });

  it.each([
    ['is a file', () => writeFileSync(folder.dataDir, ''), /a part of the path is a file/],
    [
      'is below a file',
      () => {
        folder.dataDir = join(folder.root, 'file', 'data');
        writeFileSync(join(folder.root, 'file'), '');
      },
      /is a file/,
    ],
    ['cannot be made', () => (folder.dataDir = '/proc/data-pusher'), /cannot be made there/],
    ['holds a cluster of another version', () => cluster('PG_VERSION', '15\n'), /made by PostgreSQL 15/],
    ['holds something else', () => cluster('notes.txt', 'hello'), /is not a PostgreSQL data folder/],
  ])('says in one line what to do when the data folder %s', async (_what, arrange, message) => {
    arrange();
    const error = await folder.start().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(DataFolderError);
    expect((error as Error).message).toMatch(oneLine(message));
    expect(existsSync(join(folder.dataDir, 'instance.json'))).toBe(false);
  });

  it('quotes the log of a server that does not start', async () => {
    folder.copyTemplate();
    await expect(folder.start({ shared_buffers: 'plenty' })).rejects.toThrow(
      oneLine(/invalid value for parameter "shared_buffers"/),
    );
    expect(folder.processes()).toEqual([]);
  });

  it('says so when the password is not the one the cluster was made with', async () => {
    folder.copyTemplate();
    await expect(folder.start({}, 'other')).rejects.toThrow(oneLine(/another password/));
    expect(folder.processes()).toEqual([]);
  });
});

// Root may write everywhere, and only root runs the server as somebody else: each of them has cases of its own.
describe.each(isRoot ? [] : ['an ordinary user'])('the embedded PostgreSQL under %s', limits, () => {
  it('says so when the data folder cannot be written', async () => {
    mkdirSync(folder.dataDir, { mode: 0o500 });
    await expect(folder.start()).rejects.toThrow(oneLine(/this user may not write there/));
  });
});

describe.each(isRoot ? ['root'] : [])('the embedded PostgreSQL under %s', limits, () => {
  let home: string;

  beforeEach(() => {
    chmodSync(folder.root, 0o700);
    home = `/var/lib/data-pusher/${folder.name}`;
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  it('moves the database and its programs out of a folder its user cannot reach', async () => {
    const app = compileInto(join(folder.root, 'app'), { dataDir: folder.dataDir, copyBinaries: true });
    const child = await folder.startInChild(app);
    expect(readFileSync(join(folder.dataDir, 'postgres.location'), 'utf8').trim()).toBe(home);
    expect(readdirSync(home).sort()).toEqual([expect.stringMatching(/^binaries-18/), 'postgres']);
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));

    const postgres = await folder.start();
    expect(await query(postgres, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await postgres.stop();
    rmSync(home, { recursive: true });
    await expect(folder.start()).rejects.toThrow(oneLine(/it was kept in .*; restore that folder/));
  });

  it('does not reuse the database of a data folder that was deleted', async () => {
    await (await folder.start()).stop();
    rmSync(folder.dataDir, { recursive: true });
    await folder.start({ fsync: 'off' }, 'new');
    expect(readdirSync(home).sort()).toEqual([expect.stringMatching(/^abandoned-/), 'postgres']);
  });
});

function cluster(file: string, content: string): void {
  mkdirSync(join(folder.dataDir, 'postgres'), { recursive: true });
  writeFileSync(join(folder.dataDir, 'postgres', file), content);
}
