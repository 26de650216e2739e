import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FIRST_ID } from '../common/uuid.js';
import { DAY_MS, firstIdOf } from '../database/partitions.js';
import { spellingsOf } from './spellings.js';
import { bitsOf } from './text-filter.js';

/** What one call looks through at most, newest first; who wants more reads on. */
const MAX_BLOCKS = 8000;
const MAX_HITS = 512;
const MAX_RANGES = 64;
/** PostgreSQL reads a range whole to sort it, so that none may be long. */
const MAX_BLOCKS_PER_RANGE = 16;

const TESTED_APART = 6;

/** Of the year 10889. */
const LAST_ID = 'ffffffff-0000-0000-0000-000000000000';

/** Nothing is dated later. It spares PostgreSQL the partitions of the days to come. */
export const endOfTime = (): string => firstIdOf(Date.now() + DAY_MS);

/** Events after one and up to another one, which is among them. */
export interface EventRange {
  after: string;
  upTo: string;
}

/** Where a text may be. */
export interface Places {
  /** Newest first. Outside of them it is for certain not, down to `lookedAfter`. */
  ranges: EventRange[];
  /** Events up to this one were not looked at; null when all were. */
  lookedAfter: string | null;
}

interface WalkRow {
  mark: string | null;
  walked: number;
  lowest: string | null;
  after: string[];
  up_to: string[];
}

/** Walks the blocks of an account newest first and keeps those whose filter does not rule the text out. */
const walkStatement = (spellings: number[][]): string => `
  WITH walked AS MATERIALIZED (
    SELECT id, after_id, (${spellings.map((bits, n) => mayHave(bits, `$${n + 6}`)).join(' OR ')}) AS may_have
    FROM search_blocks
    WHERE account_id = $1 AND id > $2 AND id <= $3
    ORDER BY id DESC LIMIT $4
  ), hits AS (
    SELECT id, after_id FROM walked WHERE may_have ORDER BY id DESC LIMIT $5
  )
  SELECT (SELECT event FROM search_marks WHERE account_id = $1) AS mark,
    (SELECT count(*)::integer FROM walked) AS walked,
    (SELECT after_id FROM walked ORDER BY id LIMIT 1) AS lowest,
    ARRAY(SELECT after_id FROM hits ORDER BY id DESC) AS after,
    ARRAY(SELECT id FROM hits ORDER BY id DESC) AS up_to`;

/** The first bits by themselves, because they rule out most and are tested ten times as fast. */
const mayHave = (bits: number[], parameter: string): string =>
  [
    ...bits.slice(0, TESTED_APART).map((bit) => `get_bit(filter, ${bit}) = 1`),
    `NOT EXISTS (SELECT FROM unnest(${parameter}::integer[]) AS bit WHERE get_bit(filter, bit) = 0)`,
  ].join(' AND ');

/** Finds where the events of an account may have a text, without reading them. */
@Injectable()
export class TextSearch {
  constructor(private readonly dataSource: DataSource) {}

  /** @param events those to look at: after one and before another one; null for no bound. */
  async find(
    accountId: string,
    text: string,
    events: { after: string | null; before: string | null },
  ): Promise<Places> {
    const after = events.after ?? FIRST_ID;
    const before = events.before ?? LAST_ID;
    const upTo = events.before === null ? endOfTime() : await this.findBlock(accountId, events.before);
    const spellings = spellingsOf(text).map(bitsOf);
    const [row]: [WalkRow] = await this.dataSource.query(walkStatement(spellings), [
      accountId,
      after,
      upTo,
      MAX_BLOCKS,
      MAX_HITS,
      ...spellings,
    ]);
    return toPlaces(row, after, before);
  }

  /** The block of the events just before this one. Known before the walk is planned, which then follows the index. */
  private async findBlock(accountId: string, before: string): Promise<string> {
    const [block]: { id: string }[] = await this.dataSource.query(
      'SELECT id FROM search_blocks WHERE account_id = $1 AND id >= $2 ORDER BY id LIMIT 1',
      [accountId, before],
    );
    return block?.id ?? LAST_ID;
  }
}

function toPlaces({ mark, walked, lowest, after, up_to: upTo }: WalkRow, first: string, end: string): Places {
  const covered = mark ?? FIRST_ID;
  const ranges: EventRange[] = covered < end ? [{ after: covered, upTo: LAST_ID }] : [];
  let blocks = 0;
  for (const [index, block] of upTo.entries()) {
    const newer = ranges.at(-1);
    if (newer?.after === block && blocks++ < MAX_BLOCKS_PER_RANGE) newer.after = after[index]!;
    else if (ranges.length === MAX_RANGES) return { ranges, lookedAfter: block };
    else {
      ranges.push({ after: after[index]!, upTo: block });
      blocks = 1;
    }
  }
  if (upTo.length === MAX_HITS) return { ranges, lookedAfter: after.at(-1)! };
  if (walked === MAX_BLOCKS) return { ranges, lookedAfter: lowest };
  // Older than every block: their bodies were removed, or there never were so many.
  const bottom = lowest ?? covered;
  if (first < bottom) ranges.push({ after: FIRST_ID, upTo: bottom });
  return { ranges, lookedAfter: null };
}
