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

/** Bits of a text that are tested one by one, which is ten times as fast as looping over them: those of 16 characters. */
const TESTED_APART = 48;

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
  /** Events after this one are in no block yet, so it may be in any of them; null where there are none. */
  uncovered: string | null;
  /** Of the others, newest first. Outside of them it is for certain not, down to `lookedAfter`. */
  ranges: EventRange[];
  /** Events in the ranges that are up to this one have no body to look at any more. */
  bodiesAfter: string;
  /** Events up to this one were not looked at; null when all were. */
  lookedAfter: string | null;
}

interface WalkRow {
  mark: string | null;
  /** Blocks, and the event before the oldest of them; null when the walk ended with its last hit. */
  walked: number | null;
  lowest: string | null;
  after: string[];
  up_to: string[];
}

/**
 * Walks the blocks of an account newest first, up to the last that may be told of, and keeps those whose filter does not
 * rule the text out.
 */
const walkStatement = (mayHaveText: string): string => `
  WITH walked AS MATERIALIZED (
    SELECT id, after_id, (${mayHaveText}) AS may_have
    FROM search_blocks
    WHERE account_id = $1 AND id > $2 AND id <= $3
    ORDER BY id DESC LIMIT $4
  ), hits AS (
    SELECT id, after_id FROM walked WHERE may_have ORDER BY id DESC LIMIT $5
  ), counted AS (
    SELECT count(*) < $5 AS are_all FROM hits
  )
  SELECT (SELECT event FROM search_marks WHERE account_id = $1) AS mark,
    CASE WHEN are_all THEN (SELECT count(*)::integer FROM walked) END AS walked,
    CASE WHEN are_all THEN (SELECT after_id FROM walked ORDER BY id LIMIT 1) END AS lowest,
    ARRAY(SELECT after_id FROM hits ORDER BY id DESC) AS after,
    ARRAY(SELECT id FROM hits ORDER BY id DESC) AS up_to
  FROM counted`;

/** @param values those of the statement; bits that are too many to be tested one by one are put there. */
function mayHave(bits: number[], values: unknown[]): string {
  const tests = bits.slice(0, TESTED_APART).map((bit) => `get_bit(filter, ${bit}) = 1`);
  const others = bits.slice(TESTED_APART);
  if (others.length > 0)
    tests.push(
      `NOT EXISTS (SELECT FROM unnest($${values.push(others)}::integer[]) AS bit WHERE get_bit(filter, bit) = 0)`,
    );
  return tests.join(' AND ') || 'true';
}

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
    const values: unknown[] = [accountId, after, upTo, MAX_BLOCKS, MAX_HITS];
    const mayHaveText = spellingsOf(text)
      .map((spelling) => mayHave(bitsOf(spelling), values))
      .join(' OR ');
    const [row]: [WalkRow] = await this.dataSource.query(walkStatement(mayHaveText), values);
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
  const ranges: EventRange[] = [];
  const found = (lookedAfter: string | null): Places => {
    const bodiesAfter = ranges.at(-1)?.after ?? LAST_ID;
    // Older than every block: their bodies were removed, or there never were so many.
    const bottom = lowest ?? covered;
    if (lookedAfter === null && first < bottom) ranges.push({ after: FIRST_ID, upTo: bottom });
    return { uncovered: covered < end ? covered : null, ranges, bodiesAfter, lookedAfter };
  };
  let blocks = 0;
  for (const [index, block] of upTo.entries()) {
    const newer = ranges.at(-1);
    if (newer?.after === block && blocks++ < MAX_BLOCKS_PER_RANGE) newer.after = after[index]!;
    else if (ranges.length === MAX_RANGES) return found(block);
    else {
      ranges.push({ after: after[index]!, upTo: block });
      blocks = 1;
    }
  }
  if (upTo.length === MAX_HITS) return found(after.at(-1)!);
  return found(walked === MAX_BLOCKS ? lowest : null);
}
