import { Problem } from './common/errors/problem.js';
import { SettingsError } from './config/env.js';
import { DataFolderError } from './database/embedded-postgres.js';
import { SchemaError } from './database/migrate.js';

type Failure = NodeJS.ErrnoException & { port?: number; address?: string };

/** One clear line for everything an operator can mend; the whole error for what is our fault. */
export function explainFailure(error: unknown): void {
  console.error(describeFailure(error) ?? error);
}

/** Undefined for what an operator cannot mend. */
export function describeFailure(error: unknown): string | undefined {
  const { code, port, address, message } = error as Failure;
  if (error instanceof SettingsError) return `Wrong settings:\n${message}`;
  if (error instanceof DataFolderError || error instanceof SchemaError) return message;
  if (error instanceof Problem) return error.detail;
  if (code === 'EADDRINUSE') return `Port ${port} is taken. Stop what uses it or set PORT to another one.`;
  if (code === 'EACCES' && port) return `Port ${port} needs more rights. Set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${address}. Check HOST.`;
  if (code?.startsWith('E')) return `${message}. Check DATABASE_URL and DATA_DIR.`;
  if (/^(28|3D)/.test(code ?? '')) return `The database refused us: ${message}.`;
  return undefined;
}
