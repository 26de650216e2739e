import { Injectable } from '@nestjs/common';
import { DirectoryCache, type MaybeLater } from '../cache/directory-cache.js';
import { type DeliverableDestination, DestinationReader } from './destination-reader.js';
import type { DestinationState } from './destination.entity.js';
import { type EventTypeFilter, compileFilter } from './event-type-filter.js';

/** A destination as events are matched against it. */
export interface Route {
  id: string;
  state: DestinationState;
  matches: EventTypeFilter;
}

/** Destinations from memory where it can, for the two hot paths. */
@Injectable()
export class DestinationDirectory {
  private wanted = new Set<string>();
  private reading: ReturnType<DestinationReader['forDelivery']> | null = null;

  constructor(
    private readonly reader: DestinationReader,
    private readonly cache: DirectoryCache,
  ) {}

  routesOf(accountId: string): MaybeLater<Route[]> {
    const known = this.cache.get(`routes:${accountId}`, async () => {
      const destinations = await this.reader.activeOf(accountId);
      const routes = destinations.map(({ id, state, eventTypes }) => ({
        id,
        state,
        matches: compileFilter(eventTypes),
      }));
      return { accountId, routes };
    });
    return known instanceof Promise ? known.then((found) => found!.routes) : known!.routes;
  }

  /** Null when it never existed. */
  findDeliverable(id: string): MaybeLater<DeliverableDestination | null> {
    return this.cache.get(`destination:${id}`, async () => {
      const found = (await this.readTogether(id)).get(id) ?? null;
      if (found instanceof Error) throw found;
      return found;
    });
  }

  /** Stops sending for a reason the destination gave itself, such as 410. */
  async disable(id: string, reason: string): Promise<void> {
    await this.reader.disable(id, reason);
  }

  /** Everything asked for in the same turn is read by one statement. */
  private readTogether(id: string): ReturnType<DestinationReader['forDelivery']> {
    this.wanted.add(id);
    this.reading ??= Promise.resolve().then(() => {
      const ids = [...this.wanted];
      this.wanted = new Set();
      this.reading = null;
      return this.reader.forDelivery(ids);
    });
    return this.reading;
  }
}
