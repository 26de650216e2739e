import { describe, expect, it } from 'vitest';
import { ChainWalk, FIRST_PREV_HASH, canonicalJson, hashOf } from './audit-chain.js';
import type { AuditEntryView } from './audit.dto.js';

function chainOf(length: number): AuditEntryView[] {
  const chain: AuditEntryView[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const entry: AuditEntryView = {
      seq,
      id: `0198f0c6-0000-7000-8000-${String(seq).padStart(12, '0')}`,
      at: '2026-01-31T09:30:00.000Z',
      action: 'updateAccount',
      via: 'session',
      actor_id: null,
      actor_email: 'ann@example.com',
      api_key_id: null,
      target_type: 'account',
      target_id: null,
      account_id: null,
      changes: { account_name: ['Old', 'New'] },
      request_id: 'r-1',
      ip: '127.0.0.1',
      prev_hash: chain.at(-1)?.hash ?? FIRST_PREV_HASH,
      hash: '',
    };
    chain.push(Object.assign(entry, { hash: hashOf(entry) }));
  }
  return chain;
}

function problemsOf(entries: AuditEntryView[]): string[] {
  const walk = new ChainWalk();
  for (const entry of entries) walk.step(entry);
  return walk.problems;
}

describe('canonical JSON', () => {
  it('is that of RFC 8785: sorted keys, no white space, JSON escapes', () => {
    expect(canonicalJson({ b: [1, null, true], a: { ä: '"\n', z: -0.5 }, B: 'é' })).toBe(
      '{"B":"é","a":{"z":-0.5,"ä":"\\"\\n"},"b":[1,null,true]}',
    );
  });

  it('does not depend on the order in which the database gives keys back', () => {
    expect(canonicalJson({ a: 1, b: { c: 2, d: 3 } })).toBe(canonicalJson({ b: { d: 3, c: 2 }, a: 1 }));
  });
});

describe('the chain', () => {
  it('is whole as it was written, and empty too', () => {
    expect(problemsOf(chainOf(5))).toEqual([]);
    expect(problemsOf([])).toEqual([]);
  });

  it('tells a row that was changed, whatever field it was', () => {
    for (const field of Object.keys(chainOf(1)[0]!).filter((name) => name !== 'seq' && name !== 'hash')) {
      const chain = chainOf(3);
      Object.assign(chain[1]!, { [field]: field === 'changes' ? {} : 'other' });
      expect(problemsOf(chain)).toContain('row 2 was changed: its hash is not that of its content');
    }
  });

  it('hashes a row without an API key as rows were hashed before they could have one', () => {
    expect(chainOf(1)[0]!.hash).toBe('32ac23e6229cd5578e1f0f4e29623d2e6c8e4c2dc0fdc7c25b25eab871f69bd0');
  });

  it('tells that the API key of a row was taken away or replaced', () => {
    const [entry] = chainOf(1);
    entry!.api_key_id = entry!.id;
    entry!.hash = hashOf(entry!);
    expect(problemsOf([entry!])).toEqual([]);
    for (const api_key_id of [null, '0198f0c6-0000-7000-8000-000000000002'])
      expect(problemsOf([Object.assign({}, entry, { api_key_id })])).toHaveLength(1);
  });

  it('tells a row that was changed along with its hash, by the row after it', () => {
    const chain = chainOf(3);
    chain[1]!.actor_email = 'eve@example.com';
    chain[1]!.hash = hashOf(chain[1]!);
    expect(problemsOf(chain)).toEqual(['row 3 does not follow row 2: one of the two was replaced']);
  });

  it('tells which rows were removed', () => {
    const chain = chainOf(6);
    expect(problemsOf(chain.slice(1))).toEqual(['row 1 was removed']);
    expect(problemsOf([...chain.slice(0, 2), ...chain.slice(4)])).toEqual(['rows 3 to 4 were removed']);
  });

  it('tells a row that was put in between', () => {
    const renumbered = (entry: AuditEntryView) => Object.assign({}, entry, { seq: entry.seq + 1 });
    const [first, second, third] = chainOf(3);
    const inserted = Object.assign({}, second, { action: 'deleteAccount' });
    inserted.hash = hashOf(inserted);
    expect(problemsOf([first!, inserted, renumbered(second!), renumbered(third!)])).toContain(
      'row 3 does not follow row 2: one of the two was replaced',
    );
  });
});
