import { CacheModule as NestCacheModule } from '@nestjs/cache-manager';
import { Global, Module } from '@nestjs/common';
import { Keyv } from 'keyv';
import { BoundedMap } from '../common/bounded-map.js';
import { DirectoryCache } from './directory-cache.js';

/** Entries kept in process. A flood of unknown tokens pushes out old entries, it does not fill the memory. */
const MAX_ENTRIES = 100_000;

@Global()
@Module({
  imports: [
    NestCacheModule.register({
      // Values stay objects: what is compiled once, a filter or a key, is not compiled again.
      stores: [
        new Keyv({ store: new BoundedMap(MAX_ENTRIES), serialize: undefined, deserialize: undefined }),
      ],
    }),
  ],
  providers: [DirectoryCache],
  exports: [DirectoryCache],
})
export class CacheModule {}
