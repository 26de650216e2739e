import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandFailed } from './output.js';

/** More than any password; whoever pipes a whole disk in is told so. */
const MAX_INPUT_BYTES = 64 * 1024;

/** Asks for a password twice without showing it, or takes the first line of a stdin that is no terminal. */
export async function readPassword(): Promise<string> {
  if (!process.stdin.isTTY) return readLine();
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  terminal.once('SIGINT', () => terminal.close());
  const lines = terminal[Symbol.asyncIterator]();
  const ask = async (prompt: string): Promise<string> => {
    process.stderr.write(prompt);
    const { done, value } = await lines.next();
    process.stderr.write('\n');
    if (done) throw new CommandFailed('Cancelled. Nothing was changed.');
    return value;
  };
  try {
    const password = await ask('Password: ');
    if ((await ask('Once more: ')) === password) return password;
    throw new CommandFailed('The two passwords differ. Nothing was changed.');
  } finally {
    terminal.close();
  }
}

async function readLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk as string;
    if (text.includes('\n') || text.length > MAX_INPUT_BYTES) break;
  }
  const [line] = text.split(/\r?\n/, 1);
  if (!line) throw new CommandFailed('There is no password on stdin.');
  return line;
}
