import { type DestinationStream, type Logger, pino } from 'pino';

export const LOGGER = Symbol('logger');

/** Structured lines on stdout: one wide line per unit of work, named by its `msg`. Secrets and payloads never. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    // A failed statement carries its parameters, a connection its secrets.
    redact: ['err.parameters', 'err.driverError', 'err.client', 'err.query', 'err.detail'],
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return destination ? pino(options, destination) : pino(options);
}
