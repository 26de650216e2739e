import { type DestinationStream, type Logger, pino } from 'pino';

/** What waits for whoever reads stdout; beyond it lines are dropped. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
/** Of one write, 100 ms apart. */
const MAX_REFUSALS = 20;

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
  return pino(options, destination ?? stdout());
}

/** A reader that hangs takes no memory without end; neither it nor a full disk behind stdout ends or holds the process. */
function stdout(): DestinationStream {
  let refusals = 0;
  const retryEAGAIN = () => ++refusals < MAX_REFUSALS;
  const stream = pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES, retryEAGAIN });
  stream.on('error', () => refusals++);
  stream.on('write', () => (refusals = 0));
  const flush = stream.flushSync.bind(stream);
  // Called at exit, where it would try for ever.
  stream.flushSync = () => {
    if (refusals === 0) flush();
  };
  return stream;
}
