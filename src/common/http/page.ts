import type { Type } from '@nestjs/common';
import { ApiOkResponse, ApiProperty } from '@nestjs/swagger';
import { invalid } from '../errors/problem.js';
import { IntegerQuery, TextField } from './fields.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What every list takes: keyset paging over ids, newest first. */
export class PageQuery {
  @IntegerQuery({ about: 'Entries per page', min: 1, max: 200, default: 50 })
  limit: number = 50;

  @TextField({ about: 'The `page.next` of the answer before', max: 100, optional: true })
  cursor?: string;
}

export class PageInfo {
  @ApiProperty({ type: String, nullable: true, description: 'Send as `cursor` to read on; null at the end' })
  next: string | null;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 200, example: 50 })
  limit: number;
}

export interface Page<T> {
  data: T[];
  page: PageInfo;
}

/** The id to read below of, or null for the first page. Ids are UUIDv7, so their order is the order of time. */
export function readCursor(query: Pick<PageQuery, 'cursor'>): string | null {
  if (query.cursor === undefined) return null;
  const id = Buffer.from(query.cursor, 'base64url').toString('latin1');
  if (!UUID.test(id) || encodeCursor(id) !== query.cursor)
    throw invalid('cursor', 'must be the page.next of an earlier answer');
  return id;
}

function encodeCursor(id: string): string {
  return Buffer.from(id, 'latin1').toString('base64url');
}

/**
 * Makes the page from `limit + 1` rows: the extra one tells whether there is more.
 * @param seenDownTo the id above which all was looked at, where a search stopped before the page was full
 */
export function toPage<Row extends { id: string }, View>(
  rows: Row[],
  query: PageQuery,
  view: (row: Row) => View,
  seenDownTo: string | null = null,
): Page<View> {
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1)!.id : seenDownTo;
  const next = last && encodeCursor(last);
  return { data: shown.map(view), page: { next, limit: query.limit } };
}

/** Documents a list answer of `view`s. */
export const ApiPage = (view: Type) =>
  ApiOkResponse({ type: pageOf(view), description: 'A page of the list' });

const pages = new Map<Type, Type>();

/** The class of a page of `view`s, named after them: generated clients have a type for each list. */
function pageOf(view: Type): Type {
  const known = pages.get(view);
  if (known) return known;
  class PageView {
    @ApiProperty({ type: [view] })
    data: unknown[];

    @ApiProperty({ type: PageInfo })
    page: PageInfo;
  }
  Object.defineProperty(PageView, 'name', { value: view.name.replace(/(View)?$/, 'Page') });
  pages.set(view, PageView);
  return PageView;
}
