import { Module } from '@nestjs/common';
import { SearchKeeper } from './search-keeper.js';
import { TextSearch } from './text-search.js';

/** Finds texts in events. */
@Module({ providers: [TextSearch], exports: [TextSearch] })
export class SearchModule {}

/** Writes what finding them needs; for processes that deliver. */
@Module({ providers: [SearchKeeper] })
export class SearchKeeperModule {}
