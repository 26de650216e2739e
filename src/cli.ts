import 'reflect-metadata';
import { runCli } from './cli/program.js';

const code = await runCli(process.argv.slice(2));
// A pipe takes 64 KiB at a time; what waits for its reader has to go out first.
process.stdout.write('', () => process.exit(code));
