import { sha256 } from '../common/crypto/tokens.js';
import type { AuditEntryView } from './audit.dto.js';

/** What the first row follows. */
export const FIRST_PREV_HASH = '0'.repeat(64);

/**
 * The hash of a row: SHA-256, in hexadecimal, of the row as the API shows it, without `hash`, as canonical JSON
 * (RFC 8785). `prev_hash` is among it, so each row vouches for all before it. The id of an API key is among it where
 * there is one: rows from before there was such a field keep their hash.
 */
export function hashOf({ hash: _hash, api_key_id: apiKeyId, ...content }: AuditEntryView): string {
  const hashed = apiKeyId === null ? content : { ...content, api_key_id: apiKeyId };
  return sha256(canonicalJson(hashed)).toString('hex');
}

/** RFC 8785 for what a row can hold: keys in the order of their UTF-16 units, no white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson((value as Record<string, unknown>)[key])}`);
  return `{${members.join(',')}}`;
}

/** Walks rows in their order and collects what is wrong with them. */
export class ChainWalk {
  readonly problems: string[] = [];
  rows = 0;
  headSeq = 0;
  headHash = FIRST_PREV_HASH;

  constructor(private readonly maxProblems = 20) {}

  step(entry: AuditEntryView): void {
    const { seq, prev_hash: prevHash, hash } = entry;
    if (seq !== this.headSeq + 1) this.report(describeGap(this.headSeq + 1, seq - 1));
    else if (prevHash !== this.headHash)
      this.report(`row ${seq} does not follow row ${seq - 1}: one of the two was replaced`);
    if (hashOf(entry) !== hash) this.report(`row ${seq} was changed: its hash is not that of its content`);
    this.rows++;
    this.headSeq = seq;
    this.headHash = hash;
  }

  private report(problem: string): void {
    if (this.problems.length < this.maxProblems) this.problems.push(problem);
  }
}

function describeGap(first: number, last: number): string {
  return first === last ? `row ${first} was removed` : `rows ${first} to ${last} were removed`;
}
