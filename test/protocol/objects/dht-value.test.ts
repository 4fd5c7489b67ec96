import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { Writer } from '../../../src/protocol/cbor/writer.ts';
import { concatBytes } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { DIALECT_1, DIALECT_1_8, DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import { communityMembers } from '../../../src/protocol/objects/community-members.ts';
import { communityInfoKey, hourBucket, shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import {
  checkDhtValue,
  dialectKnowsKind,
  encodeTagged,
  keysOf,
  MAX_DHT_VALUE,
  parseDhtValue,
} from '../../../src/protocol/objects/dht-value.ts';
import { signKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import {
  signRelayAnnouncement,
  writeRelayAnnouncement,
} from '../../../src/protocol/objects/relay-announcement.ts';
import { rendezvousKeys } from '../../../src/protocol/objects/rendezvous.ts';
import { shareHead, signShareHead } from '../../../src/protocol/objects/share-head.ts';

const key = keyPairFromSeed(new Uint8Array(32).fill(9));
const NOW = 1_700_000_000n;
const head = signShareHead(key, { latestSeq: 1n, latestManifestId: new Uint8Array(32), updatedAt: NOW });
const headOctets = encodeWith(shareHead, head);
const communityId = new Uint8Array(32).fill(4);
const membersOctets = encodeWith(communityMembers, {
  communityShareId: communityId,
  members: [],
  updatedAt: NOW,
});
const hintOctets = encodeTagged('community-hint', {
  communityId,
  memberCountEstimate: 1n,
  sampleMembers: [],
  indexPeers: null,
  updatedAt: NOW,
});
const revocation = signKeyRevocation(key, { subjectKind: 'node', reason: 'retired', issuedAt: NOW });
const revocationOctets = encodeTagged('key-revocation', revocation);

function announcement(dialect: Dialect): Uint8Array {
  const w = new Writer();
  const signed = signRelayAnnouncement(key, dialect, {
    relayAddrs: [
      { ip: Uint8Array.of(192, 0, 2, 1), port: 7001, transport: 'tcp', pubkeyHint: null, relayVia: null },
    ],
    capabilities: {
      dht: true,
      store: false,
      relay: true,
      contentSeed: false,
      mobileLight: false,
      communityPagedBrowse: false,
      communitySearch: false,
      communityDeltaSync: false,
    },
    capacity: { maxTunnels: 1, bandwidthClass: 'Low', maxBytesPerTunnel: 5n },
    issuedAt: NOW,
    expiresAt: NOW + 10n,
  });
  writeRelayAnnouncement(w, signed, dialect);
  return w.finish();
}

function verdict(octets: Uint8Array, dhtKey: Uint8Array, dialect: Dialect): string {
  const check = checkDhtValue(dhtKey, octets, dialect, NOW);
  return check.ok ? check.content.kind : check.reason;
}

describe('values of the DHT', () => {
  const infoKey = communityInfoKey(communityId);
  const revoked = keysOf(parseDhtValue(revocationOctets)!)[0]!;
  const [meeting] = rendezvousKeys(key.publicKey, hourBucket(NOW));

  test.each([
    ['a head', headOctets, shareHeadKey(head.shareId), ['share-head', 'share-head', 'share-head']],
    ['a member list', membersOctets, infoKey, ['community-members', 'unknown-kind', 'unknown-kind']],
    ['a hint', hintOctets, infoKey, ['unknown-kind', 'community-hint', 'community-hint']],
    ['a revocation', revocationOctets, revoked, ['unknown-kind', 'unknown-kind', 'key-revocation']],
    [
      'an announcement of dialect 1',
      announcement(DIALECT_1),
      meeting,
      ['relay-announcement-1', 'unknown-kind', 'unknown-kind'],
    ],
    [
      'an announcement of dialect 2',
      announcement(DIALECT_2),
      meeting,
      ['unknown-kind', 'relay-announcement-2', 'relay-announcement-2'],
    ],
  ] as const)('%s, in each dialect', (_name, octets, dhtKey, expected) => {
    const got = [DIALECT_1, DIALECT_1_8, DIALECT_2].map((dialect) => verdict(octets, dhtKey, dialect));
    expect(got).toEqual(expected);
  });

  test('the member list and the hint of one community have one key and two kinds', () => {
    const list = parseDhtValue(membersOctets)!;
    const hint = parseDhtValue(hintOctets)!;
    expect(keysOf(list)).toEqual(keysOf(hint));
    expect(list.kind).not.toBe(hint.kind);
  });

  test('an announcement may stand an hour early or late, not two', () => {
    for (const [hours, expected] of [
      [-2n, 'wrong-key'],
      [-1n, 'relay-announcement-2'],
      [0n, 'relay-announcement-2'],
      [1n, 'relay-announcement-2'],
      [2n, 'wrong-key'],
    ] as const) {
      const [, second] = rendezvousKeys(key.publicKey, hourBucket(NOW) + hours);
      // In another hour the same slot may come again by chance; then the key differs all the same, by the hour.
      expect(verdict(announcement(DIALECT_2), second, DIALECT_2)).toBe(expected);
    }
  });

  test('another key, too many octets, nothing at all', () => {
    expect(verdict(headOctets, new Uint8Array(32), DIALECT_2)).toBe('wrong-key');
    const padded = (size: number) => concatBytes(headOctets, new Uint8Array(size - headOctets.length));
    expect(verdict(padded(MAX_DHT_VALUE), shareHeadKey(head.shareId), DIALECT_2)).toBe('share-head');
    expect(verdict(padded(MAX_DHT_VALUE + 1), shareHeadKey(head.shareId), DIALECT_2)).toBe('too-large');
    expect(verdict(new Uint8Array(0), new Uint8Array(32), DIALECT_2)).toBe('unknown-kind');
  });

  test('a tag is never taken for a map: a tagged record without its tag is unknown', () => {
    expect(parseDhtValue(hintOctets.subarray(1))).toBeNull();
    expect(parseDhtValue(concatBytes(Uint8Array.of(0x38), hintOctets.subarray(1)))).toBeNull();
  });

  test('a signature that does not hold is refused, the clock is asked', () => {
    const altered = encodeTagged('key-revocation', { ...revocation, reason: 'compromised' });
    expect(verdict(altered, revoked, DIALECT_2)).toBe('signature');
    const check = checkDhtValue(revoked, revocationOctets, DIALECT_2, NOW - 301n);
    expect(check).toEqual({ ok: false, reason: 'issued-ahead' });
  });

  test('any octets are a value or nothing, never an exception', () => {
    const known = [headOctets, membersOctets, hintOctets, revocationOctets, announcement(DIALECT_2)];
    const altered = fc
      .tuple(fc.constantFrom(...known), fc.nat(), fc.nat(255))
      .map(([octets, at, octet]) => octets.map((old, i) => (i === at % octets.length ? octet : old)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), altered), (octets) => {
        const content = parseDhtValue(octets);
        if (content === null) return;
        keysOf(content);
        for (const dialect of [DIALECT_1, DIALECT_2]) {
          dialectKnowsKind(dialect, content.kind);
          checkDhtValue(new Uint8Array(32), octets, dialect, NOW);
        }
      }),
      { numRuns: 300 },
    );
  });
});
