import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';

const RESTART_PAUSE_MS = 500;

/** The embedded database, started again by itself when it dies. Its address stays the same. */
export class SupervisedPostgres {
  private stopping = false;
  private restarting: Promise<void> = Promise.resolve();

  private constructor(
    private server: EmbeddedPostgres,
    private readonly open: () => Promise<EmbeddedPostgres>,
    private readonly logger: Logger,
  ) {
    this.watch();
  }

  static async start(dataDir: string, password: string, logger: Logger): Promise<SupervisedPostgres> {
    const open = () => startEmbeddedPostgres({ dataDir, password, report: (line) => logger.info(line) });
    return new SupervisedPostgres(await open(), open, logger);
  }

  get connection(): EmbeddedPostgres['connection'] {
    return this.server.connection;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.restarting;
    await this.server.stop();
  }

  private watch(): void {
    void this.server.exited.then((error) => {
      this.restarting = this.restart(error);
    });
  }

  private async restart(reason: Error): Promise<void> {
    this.logger.error({ err: reason }, 'database.died');
    await this.server.stop().catch((cause) => this.logger.error({ err: cause }, 'database.stop_failed'));
    while (!this.stopping) {
      try {
        this.server = await this.open();
        this.logger.info('database.restarted');
        return this.watch();
      } catch (cause) {
        this.logger.error({ err: cause }, 'database.restart_failed');
        await sleep(RESTART_PAUSE_MS);
      }
    }
  }
}
