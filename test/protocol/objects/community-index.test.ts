import { describe, expect, test } from 'vitest';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { materialize, PAGE_ENTRIES } from '../../../src/protocol/objects/community-hints.ts';
import { createCommunityIndex } from '../../../src/protocol/objects/community-index.ts';
import type { CommunityMemberRecord } from '../../../src/protocol/objects/community-member-record.ts';
import type { CommunityShareRecord } from '../../../src/protocol/objects/community-share-record.ts';
import { communityEvents, communitySharesPage } from '../../../src/protocol/wire/community-pages.ts';
import { MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';

// The index takes verified records and looks at no signature.
const signature = new Uint8Array(64);

function id(n: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
}

const HERE = id(1_000_000);

function member(n: number, overrides: Partial<CommunityMemberRecord> = {}): CommunityMemberRecord {
  return {
    communityId: HERE,
    memberNodePubkey: id(n),
    announceSeq: 1n,
    status: 'joined',
    issuedAt: 1n,
    expiresAt: 2n,
    signature,
    authTokenBytes: null,
    ...overrides,
  };
}

function share(n: number, overrides: Partial<CommunityShareRecord> = {}): CommunityShareRecord {
  return {
    communityId: HERE,
    shareId: id(n),
    sharePubkey: id(n),
    latestManifestId: id(n),
    latestSeq: 1n,
    visibility: 'public',
    updatedAt: 10n,
    title: `Share ${n}`,
    description: null,
    signature,
    ...overrides,
  };
}

const SMALL = { communities: 3, records: 5, octets: 1 << 20 };

describe('the community index', () => {
  test('pages walk over everything once, in key order', () => {
    const index = createCommunityIndex();
    for (const n of [5, 3, 9, 1, 7, 2]) index.addMember(member(n));
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const page = index.membersPage({ communityId: HERE, cursor, limit: 2 });
      for (const { memberNodePubkey } of page.entries)
        seen.push(Buffer.from(memberNodePubkey).readUInt32BE());
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual([1, 2, 3, 5, 7, 9]);
  });

  test('only newer records are taken', () => {
    const index = createCommunityIndex();
    expect(index.addMember(member(1, { announceSeq: 5n }))).toBe(true);
    expect(index.addMember(member(1, { announceSeq: 5n, status: 'left' }))).toBe(false);
    expect(index.addMember(member(1, { announceSeq: 6n, status: 'left' }))).toBe(true);
    expect(index.joinedMembers(HERE)).toEqual([]);
    expect(index.addShare(share(1))).toBe(true);
    expect(index.addShare(share(1))).toBe(false);
    expect(index.addShare(share(1, { updatedAt: 11n }))).toBe(true);
    expect(index.addShare(share(1, { latestSeq: 2n, updatedAt: 0n }))).toBe(true);
    expect(index.addShare(share(1, { updatedAt: 99n }))).toBe(false);
    const { events, nextCursor } = index.events({ communityId: HERE, sinceCursor: null, limit: 10 });
    expect(events.map((event) => event.type)).toEqual([
      'member_joined',
      'member_left',
      'share_upserted',
      'share_upserted',
      'share_upserted',
    ]);
    expect(nextCursor).toBe('5');
  });

  test('limit 0 and an unknown community give empty answers without a cursor', () => {
    const index = createCommunityIndex();
    index.addShare(share(1));
    for (const [communityId, limit] of [
      [HERE, 0],
      [id(7), 10],
    ] as const) {
      const empty = { communityId, nextCursor: null };
      expect(index.events({ communityId, sinceCursor: null, limit })).toEqual({ ...empty, events: [] });
      expect(index.sharesPage({ communityId, cursor: null, limit, sinceUnix: null })).toEqual({
        ...empty,
        entries: [],
      });
      expect(index.search({ communityId, query: '', cursor: null, limit })).toEqual({ ...empty, hits: [] });
    }
  });

  test('the event cursor survives the loss of old events', () => {
    const index = createCommunityIndex(SMALL);
    for (let n = 1; n <= 8; n++) index.addMember(member(n));
    const ask = (sinceCursor: string | null) => index.events({ communityId: HERE, sinceCursor, limit: 2 });
    expect(ask(null)).toMatchObject({ nextCursor: '5' });
    expect(ask('7')).toMatchObject({ nextCursor: '8', events: [{ memberNodePubkey: id(8) }] });
    expect(ask('8')).toMatchObject({ nextCursor: null, events: [] });
    expect(ask('999')).toMatchObject({ nextCursor: null, events: [] });
    expect(ask('-1')).toMatchObject({ nextCursor: '5' });
  });

  test('each table is bounded; what was written longest ago goes', () => {
    const index = createCommunityIndex(SMALL);
    for (let n = 1; n <= 5; n++) index.addShare(share(n));
    index.addShare(share(1, { latestSeq: 2n }));
    index.addShare(share(6));
    expect(index.shares(HERE).map((each) => each.title)).toEqual([1, 3, 4, 5, 6].map((n) => `Share ${n}`));
  });

  test('the number of communities is bounded; the one fed longest ago goes', () => {
    const index = createCommunityIndex(SMALL);
    for (const n of [1, 2, 3]) index.addMember(member(n, { communityId: id(n) }));
    index.addMember(member(9, { communityId: id(1) }));
    index.addMember(member(4, { communityId: id(4) }));
    expect([1, 2, 3, 4].map((n) => index.joinedMembers(id(n)).length)).toEqual([2, 0, 1, 1]);
  });

  test('all of it together is bounded; the largest community pays', () => {
    const index = createCommunityIndex({ communities: 10, records: 10_000, octets: 200_000 });
    index.addShare(share(1, { communityId: id(1) }));
    for (let n = 0; n < 100; n++) index.addShare(share(n, { description: 'd'.repeat(16_000) }));
    expect(index.shares(HERE).length).toBeLessThan(15);
    expect(index.shares(HERE).length).toBeGreaterThan(5);
    expect(index.shares(id(1))).toHaveLength(1);
  });

  test('what went with its community leaves room for others', () => {
    const index = createCommunityIndex({ communities: 2, records: 10, octets: 10_000 });
    for (let n = 0; n < 100; n++) index.addShare(share(1, { communityId: id(n) }));
    expect([98, 99].map((n) => index.shares(id(n)).length)).toEqual([1, 1]);
    const { events } = index.events({ communityId: id(99), sinceCursor: null, limit: 5 });
    expect(events).toHaveLength(1);
  });

  test('a page never grows beyond what a client reads', () => {
    const index = createCommunityIndex();
    const title = 't'.repeat(1024);
    for (let n = 0; n < 120; n++) index.addShare(share(n, { title, description: 'd'.repeat(16_384) }));
    let cursor: string | null = null;
    let seen = 0;
    do {
      const page = index.sharesPage({ communityId: HERE, cursor, limit: 100, sinceUnix: null });
      expect(encodeWith(communitySharesPage, page).length).toBeLessThan(MAX_PAYLOAD);
      seen += page.entries.length;
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toBe(120);
    const events = index.events({ communityId: HERE, sinceCursor: null, limit: 0xffff });
    expect(encodeWith(communityEvents, events).length).toBeLessThan(MAX_PAYLOAD);
  });

  test('over-long titles are not listed', () => {
    const index = createCommunityIndex();
    expect(index.addShare(share(1, { title: 't'.repeat(1025) }))).toBe(false);
    expect(index.shares(HERE)).toEqual([]);
  });

  test('materialized pages hold a hundred entries each', () => {
    const pages = materialize(HERE, 5n, 9n, new Array(2 * PAGE_ENTRIES + 1).fill(0));
    expect(pages.map((page) => [page.pageNo, page.totalPages, page.entries.length])).toEqual([
      [0, 3, 100],
      [1, 3, 100],
      [2, 3, 1],
    ]);
    expect(materialize(HERE, 5n, 9n, [])).toEqual([]);
  });
});
