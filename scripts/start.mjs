import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, prepare, root } from './prepare.mjs';

/** What to run for each word after `npm start`, and what to tell it. */
const MODES = { all: ['main.js', 'all'], api: ['main.js', 'api'], worker: ['worker.js'] };

const mode = process.argv[2] ?? 'all';
if (!Object.hasOwn(MODES, mode))
  fail(`Usage: npm start [-- ${Object.keys(MODES).join('|')}], not "${mode}".`);

await prepare({ build: true });

const [file, ...args] = MODES[mode];
const program = join(root, 'dist', 'bundle', 'app', file);
process.argv = [process.execPath, program, ...args];
// In this very process, so that signals reach it without a parent between.
await import(pathToFileURL(program).href);
