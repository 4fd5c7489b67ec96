import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TTL, MAX_TTL, ValueStore } from '../../../src/actors/dht/value-store.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { communityMembers } from '../../../src/protocol/objects/community-members.ts';
import { type DhtContent, encodeTagged, keysOf } from '../../../src/protocol/objects/dht-value.ts';
import { bucketIndex } from '../../../src/protocol/objects/ids.ts';
import { signKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { signKeyRotation } from '../../../src/protocol/objects/key-rotation.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import { shareHead, signShareHead } from '../../../src/protocol/objects/share-head.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';
import { key } from '../sync/world.ts';

const NOW = 1_700_000_000;
const own = new Uint8Array(20);
const LIMITS = { maxValues: 1_000, maxValueBytes: 1024 * 1024 };
const store = (limits = LIMITS) => new ValueStore(own, limits);
const share = key(1);

function headValue(
  seq: number,
  signer = share,
  id = seq,
): { key: Uint8Array; content: DhtContent; octets: Uint8Array } {
  const value = signShareHead(signer, {
    latestSeq: BigInt(seq),
    latestManifestId: new Uint8Array(32).fill(id),
    updatedAt: BigInt(NOW),
  });
  const content = { kind: 'share-head', value } as const;
  return { key: keysOf(content)[0]!, content, octets: encodeWith(shareHead, value) };
}

const peer = (n: number): PeerAddr => ({
  ip: Uint8Array.of(1, 2, n >> 8, n & 255),
  port: 7001,
  transport: 'tcp',
  pubkeyHint: null,
  relayVia: null,
});

function providersValue(id: number, peers: readonly PeerAddr[], updatedAt = NOW) {
  const value = {
    contentId: new Uint8Array(32).fill(id).map((octet, i) => (i < 4 ? (id >> (8 * i)) & 255 : octet)),
    providers: peers,
    updatedAt: BigInt(updatedAt),
  };
  const content = { kind: 'providers', value } as const;
  return { key: keysOf(content)[0]!, content, octets: encodeWith(providers, value) };
}

const about = (origin: string, more: { ttl?: number; now?: number; checked?: boolean } = {}) => ({
  ttl: 86_400,
  now: NOW,
  ...more,
  origin,
});

describe('time', () => {
  test('is kept: a day where nothing is said, a week at most, and then it is over', () => {
    const values = store();
    const { key: at, content, octets } = headValue(1);
    values.put(at, content, octets, about('a', { ttl: 0 }));
    expect(values.get(at, DIALECT_1, NOW)).toEqual({ octets, ttl: DEFAULT_TTL });
    values.put(at, content, octets, about('a', { ttl: 2 ** 40 }));
    expect(values.get(at, DIALECT_1, NOW)?.ttl).toBe(MAX_TTL);
    values.put(at, content, octets, about('a', { ttl: 60 }));
    expect(values.get(at, DIALECT_1, NOW + 59)?.ttl).toBe(1);
    expect(values.get(at, DIALECT_1, NOW + 60)).toBeNull();
    expect(values.count).toBe(1);
    values.sweep(NOW + 60);
    expect([values.count, values.bytes]).toEqual([0, 0]);
  });
});

describe('heads of unknown signature', () => {
  test('are four at most; one that is checked takes the place of all, and only a newer checked one its place', () => {
    const values = store();
    const { key: at } = headValue(1);
    const results = [9, 8, 7, 6, 5].map((seq) => {
      const { content, octets } = headValue(seq, share, seq);
      return values.put(at, content, octets, about(`origin ${seq}`));
    });
    expect(results).toEqual(['stored', 'stored', 'stored', 'stored', 'crowded']);
    // The first that came, whatever numbers the later ones claim.
    expect(values.get(at, DIALECT_2, NOW)?.octets).toEqual(headValue(9).octets);
    const right = headValue(3);
    values.put(at, right.content, right.octets, about('b', { checked: true }));
    expect(values.get(at, DIALECT_2, NOW)?.octets).toEqual(right.octets);
    expect(values.heads).toEqual({ checked: 1, unchecked: 0 });
    const later = headValue(99);
    expect(values.put(at, later.content, later.octets, about('c'))).toBe('older');
    const older = headValue(2);
    expect(values.put(at, older.content, older.octets, about('b', { checked: true }))).toBe('older');
    expect(values.put(at, later.content, later.octets, about('b', { checked: true }))).toBe('stored');
    expect(values.get(at, DIALECT_2, NOW)?.octets).toEqual(later.octets);
  });

  test('go when they turn out to be forged', () => {
    const values = store();
    const forged = headValue(9);
    values.put(forged.key, forged.content, forged.octets, about('a'));
    values.dropHead(forged.key, forged.octets);
    expect(values.get(forged.key, DIALECT_2, NOW)).toBeNull();
    expect(values.count).toBe(0);
  });
});

describe('records of keys', () => {
  test('a rotation gives way to a later one, a revocation to an earlier one', () => {
    const values = store();
    const rotation = (seq: number) => {
      const value = signKeyRotation(share, key(2), {
        subjectKind: 'sharepublisher',
        rotationSeq: BigInt(seq),
        issuedAt: BigInt(NOW),
      });
      const content = { kind: 'key-rotation', value } as const;
      return { at: keysOf(content)[0]!, content, octets: encodeTagged('key-rotation', value) };
    };
    const revocation = (issuedAt: number) => {
      const value = signKeyRevocation(share, {
        subjectKind: 'sharepublisher',
        reason: 'retired',
        issuedAt: BigInt(issuedAt),
      });
      const content = { kind: 'key-revocation', value } as const;
      return { at: keysOf(content)[0]!, content, octets: encodeTagged('key-revocation', value) };
    };
    const put = ({ at, content, octets }: { at: Uint8Array; content: DhtContent; octets: Uint8Array }) =>
      values.put(at, content, octets, about('a'));
    expect([put(rotation(5)), put(rotation(4)), put(rotation(6))]).toEqual(['stored', 'older', 'stored']);
    expect([put(revocation(50)), put(revocation(60)), put(revocation(40))]).toEqual([
      'stored',
      'older',
      'stored',
    ]);
    // Nodes of the first dialect know neither.
    expect(values.get(rotation(6).at, DIALECT_1, NOW)).toBeNull();
    expect(values.get(revocation(40).at, DIALECT_2, NOW)?.octets).toEqual(revocation(40).octets);
  });
});

describe('unsigned lists', () => {
  test('are kept by giver, and given out as one: nobody takes another out of it, or fills it alone', () => {
    const values = store();
    const honest = providersValue(7, [peer(1)]);
    values.put(honest.key, honest.content, honest.octets, about('honest'));
    const crowd = providersValue(
      7,
      Array.from({ length: 300 }, (_, n) => peer(1_000 + n)),
      2 ** 40,
    );
    values.put(crowd.key, crowd.content, crowd.octets, about('liar'));
    const { octets } = values.get(honest.key, DIALECT_1, NOW)!;
    const list = providers.read(new Reader(octets));
    expect(list.providers).toContainEqual(peer(1));
    expect(list.providers.length).toBe(17);
    // The last word of each giver counts.
    const moved = providersValue(7, [peer(2)]);
    values.put(moved.key, moved.content, moved.octets, about('honest'));
    const after = providers.read(new Reader(values.get(honest.key, DIALECT_1, NOW)!.octets));
    expect(after.providers).toContainEqual(peer(2));
    expect(after.providers).not.toContainEqual(peer(1));
  });

  test('many keys of one network take no other network out of a list', () => {
    const values = store();
    const honest = providersValue(7, [peer(1)]);
    values.put(honest.key, honest.content, honest.octets, { ...about('honest'), net: '5.5.5' });
    for (let n = 0; n < 100; n++) {
      const given = providersValue(7, [peer(1_000 + n)]);
      values.put(given.key, given.content, given.octets, { ...about(`key ${n}`), net: '6.6.6' });
    }
    const { octets } = values.get(honest.key, DIALECT_1, NOW)!;
    expect(providers.read(new Reader(octets)).providers).toContainEqual(peer(1));
    expect(values.count).toBe(16);
  });

  test('sixteen givers of one list at most, and sixty-four addresses of it', () => {
    const values = store();
    for (let n = 0; n < 30; n++) {
      const given = providersValue(
        7,
        Array.from({ length: 16 }, (_, i) => peer(100 * n + i)),
      );
      values.put(given.key, given.content, given.octets, about(`origin ${n}`));
    }
    expect(values.count).toBe(16);
    const { octets } = values.get(providersValue(7, []).key, DIALECT_2, NOW)!;
    expect(providers.read(new Reader(octets)).providers.length).toBe(64);
  });

  test('many keys of one network take no list of another network out', () => {
    const values = store();
    const honest = providersValue(7, [peer(1)]);
    values.put(honest.key, honest.content, honest.octets, about('honest'));
    for (let n = 0; n < 100; n++) {
      const given = providersValue(7, [peer(100 + n)]);
      const net = `net ${n % 3}`;
      expect(values.put(given.key, given.content, given.octets, { ...about(`key ${n}`), net })).toBe(
        'stored',
      );
    }
    expect(values.count).toBe(16);
    const { octets } = values.get(honest.key, DIALECT_2, NOW)!;
    expect(providers.read(new Reader(octets)).providers).toContainEqual(peer(1));
  });

  test('the member list of the first dialect and the hint of the second stand under one key', () => {
    const values = store();
    const communityId = new Uint8Array(32).fill(4);
    const list = { communityShareId: communityId, members: [peer(1)], updatedAt: BigInt(NOW) };
    const members = { kind: 'community-members', value: list } as const;
    const hint = {
      kind: 'community-hint',
      value: {
        communityId,
        memberCountEstimate: 1n,
        sampleMembers: [],
        indexPeers: null,
        updatedAt: BigInt(NOW),
      },
    } as const;
    const at = keysOf(members)[0]!;
    expect(keysOf(hint)[0]).toEqual(at);
    values.put(at, members, encodeWith(communityMembers, list), about('a'));
    values.put(at, hint, encodeTagged('community-hint', hint.value), about('b'));
    expect(values.get(at, DIALECT_1, NOW)?.octets).toEqual(encodeWith(communityMembers, list));
    expect(values.get(at, DIALECT_2, NOW)?.octets).toEqual(encodeTagged('community-hint', hint.value));
    values.put(
      at,
      { ...members, value: { ...list, members: [peer(2)] } },
      encodeWith(communityMembers, { ...list, members: [peer(2)] }),
      about('c'),
    );
    const both = communityMembers.read(new Reader(values.get(at, DIALECT_1, NOW)!.octets));
    expect(both.members.length).toBe(2);
  });
});

describe('bounds', () => {
  test('one giver has its part and no more', () => {
    const values = store();
    const results = Array.from({ length: 100 }, (_, n) => {
      const { key: at, content, octets } = providersValue(n, [peer(n)]);
      return values.put(at, content, octets, about('one'));
    });
    expect(results.filter((result) => result === 'stored').length).toBe(64);
    const other = providersValue(500, [peer(1)]);
    expect(values.put(other.key, other.content, other.octets, about('two'))).toBe('stored');
  });

  test('keys of one network have its part together', () => {
    const values = store();
    const results = Array.from({ length: 100 }, (_, n) => {
      const { key: at, content, octets } = providersValue(n, [peer(n)]);
      return values.put(at, content, octets, { ...about(`key ${n}`), net: '6.6.6' });
    });
    expect(results.filter((result) => result === 'stored').length).toBe(64);
  });

  test('when it is full, what is farthest from this node goes for what is nearer, and nothing else', () => {
    const values = store({ maxValues: 50, maxValueBytes: 1024 * 1024 });
    const all = Array.from({ length: 400 }, (_, n) => providersValue(n, [peer(n)]));
    for (const [n, each] of all.entries()) {
      values.put(each.key, each.content, each.octets, about(`origin ${n}`));
      expect(values.count).toBeLessThanOrEqual(50);
    }
    const near = (at: Uint8Array) => bucketIndex(own, at.slice(0, 20));
    const kept = all
      .filter(({ key: at }) => values.get(at, DIALECT_1, NOW) !== null)
      .map(({ key: at }) => near(at));
    const gone = all
      .filter(({ key: at }) => values.get(at, DIALECT_1, NOW) === null)
      .map(({ key: at }) => near(at));
    expect(kept.length).toBe(50);
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(...gone));
  });

  test('a smaller limit is in force at once', () => {
    const values = store();
    for (let n = 0; n < 60; n++) {
      const each = providersValue(n, [peer(n)]);
      values.put(each.key, each.content, each.octets, about(`origin ${n}`));
    }
    values.limit({ maxValues: 10, maxValueBytes: 1024 * 1024 });
    expect(values.count).toBe(10);
    values.limit({ maxValues: 0, maxValueBytes: 0 });
    expect([values.count, values.bytes]).toEqual([0, 0]);
  });

  test('whatever is put, swept and limited, the sums are those of what is there', () => {
    const step = fc.oneof(
      fc.record({
        put: fc.nat(40),
        origin: fc.nat(5),
        peers: fc.nat(20),
        ttl: fc.integer({ min: 0, max: 500 }),
      }),
      fc.record({ wait: fc.nat(300) }),
      fc.record({ head: fc.integer({ min: 1, max: 6 }), checked: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const values = store({ maxValues: 30, maxValueBytes: 40_000 });
        let now = NOW;
        for (const each of steps) {
          if ('wait' in each) {
            now += each.wait;
            values.sweep(now);
          } else if ('put' in each) {
            const { put, origin, peers, ttl } = each;
            const value = providersValue(
              put,
              Array.from({ length: peers }, (_, n) => peer(n)),
            );
            values.put(value.key, value.content, value.octets, about(`origin ${origin}`, { ttl, now }));
          } else {
            const { key: at, content, octets } = headValue(each.head);
            values.put(at, content, octets, about('h', { now, checked: each.checked }));
          }
          expect(values.count).toBeLessThanOrEqual(30);
          expect(values.bytes).toBeLessThanOrEqual(40_000);
          expect(values.bytes).toBeGreaterThanOrEqual(0);
        }
        values.sweep(now + MAX_TTL + 1);
        expect([values.count, values.bytes]).toEqual([0, 0]);
      }),
      { numRuns: 100, seed: 2 },
    );
  });
});
