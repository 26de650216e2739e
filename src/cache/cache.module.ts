import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { Keyv } from 'keyv';
import { BoundedMap } from '../common/bounded-map.js';
import { DIRECTORY_STORE, DirectoryCache, type DirectoryStore, type Kept } from './directory-cache.js';

/** Entries kept in process. A flood of unknown tokens pushes out old entries, it does not fill the memory. */
const MAX_ENTRIES = 100_000;

@Module({
  providers: [{ provide: DIRECTORY_STORE, useFactory: () => new BoundedMap<string, Kept>(MAX_ENTRIES) }],
  exports: [DIRECTORY_STORE],
})
class StoreModule {}

@Global()
@Module({
  imports: [
    StoreModule,
    NestCacheModule.registerAsync({
      imports: [StoreModule],
      inject: [DIRECTORY_STORE],
      // Values stay objects: what is compiled once, a filter or a key, is not compiled again.
      useFactory: (store: DirectoryStore) => ({
        stores: [new Keyv({ store, serialize: undefined, deserialize: undefined })],
      }),
    }),
  ],
  providers: [DirectoryCache],
  exports: [DirectoryCache],
})
export class CacheModule {}
