import { isDeadlock } from './pg-errors.js';

const TRIES = 3;

/** Runs a transaction again that PostgreSQL ended because it and another one waited for each other. */
export async function retryDeadlock<T>(transaction: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await transaction();
    } catch (error) {
      if (tries === TRIES || !isDeadlock(error)) throw error;
    }
  }
}
