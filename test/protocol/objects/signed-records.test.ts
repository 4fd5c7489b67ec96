import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Codec, encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { Writer } from '../../../src/protocol/cbor/writer.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import {
  communityBootstrapHint,
  materializedSharesPage,
} from '../../../src/protocol/objects/community-hints.ts';
import {
  communityMemberRecord,
  signCommunityMember,
  verifyCommunityMember,
} from '../../../src/protocol/objects/community-member-record.ts';
import { communityMembers, mergeCommunityMembers } from '../../../src/protocol/objects/community-members.ts';
import { communityShareRecord } from '../../../src/protocol/objects/community-share-record.ts';
import { keyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { keyRotation } from '../../../src/protocol/objects/key-rotation.ts';
import {
  encodeMembershipToken,
  membershipToken,
  signMembershipToken,
} from '../../../src/protocol/objects/membership-token.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import {
  isFresh,
  MAX_ANNOUNCEMENT_LIFE,
  readRelayAnnouncement,
  signRelayAnnouncement,
  verifyRelayAnnouncement,
  writeRelayAnnouncement,
} from '../../../src/protocol/objects/relay-announcement.ts';
import {
  compareShareHeads,
  shareHead,
  signShareHead,
  verifyShareHead,
} from '../../../src/protocol/objects/share-head.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';
import { id, octets, peerAddr, text, u64 } from './arbitrary.ts';

const alice = keyPairFromSeed(new Uint8Array(32).fill(1));
const bob = keyPairFromSeed(new Uint8Array(32).fill(2));
const community = keyPairFromSeed(new Uint8Array(32).fill(3));

const signature = octets(64);
const kind = fc.constantFrom('node' as const, 'sharepublisher' as const);

/** Every codec of this folder with a way to make values of it. */
const CODECS: readonly (readonly [string, Codec<unknown>, fc.Arbitrary<unknown>])[] = [
  [
    'share head',
    shareHead as Codec<unknown>,
    fc.record({ shareId: id, latestSeq: u64, latestManifestId: id, updatedAt: u64, sig: signature }),
  ],
  [
    'providers',
    providers as Codec<unknown>,
    fc.record({ contentId: id, providers: fc.array(peerAddr, { maxLength: 3 }), updatedAt: u64 }),
  ],
  [
    'community members',
    communityMembers as Codec<unknown>,
    fc.record({ communityShareId: id, members: fc.array(peerAddr, { maxLength: 3 }), updatedAt: u64 }),
  ],
  [
    'membership token',
    membershipToken as Codec<unknown>,
    fc.record({ communityShareId: id, memberNodePubkey: id, issuedAt: u64, expiresAt: u64, signature }),
  ],
  [
    'rotation',
    keyRotation as Codec<unknown>,
    fc.record({
      subjectKind: kind,
      oldPubkey: id,
      newPubkey: id,
      rotationSeq: u64,
      issuedAt: u64,
      oldKeySignature: signature,
      newKeySignature: signature,
    }),
  ],
  [
    'revocation',
    keyRevocation as Codec<unknown>,
    fc.record({
      subjectKind: kind,
      pubkey: id,
      reason: fc.constantFrom('unspecified', 'compromised', 'superseded', 'retired'),
      issuedAt: u64,
      signature,
    }),
  ],
  [
    'member record',
    communityMemberRecord as Codec<unknown>,
    fc.record({
      communityId: id,
      memberNodePubkey: id,
      announceSeq: u64,
      status: fc.constantFrom('joined', 'left'),
      issuedAt: u64,
      expiresAt: u64,
      signature,
      authTokenBytes: fc.option(fc.uint8Array({ maxLength: 40 })),
    }),
  ],
  [
    'share record',
    communityShareRecord as Codec<unknown>,
    fc.record({
      communityId: id,
      shareId: id,
      sharePubkey: id,
      latestManifestId: id,
      latestSeq: u64,
      visibility: fc.constant('public'),
      updatedAt: u64,
      title: fc.option(text),
      description: fc.option(text),
      signature,
    }),
  ],
  [
    'bootstrap hint',
    communityBootstrapHint as Codec<unknown>,
    fc.record({
      communityId: id,
      memberCountEstimate: u64,
      sampleMembers: fc.array(peerAddr, { maxLength: 2 }),
      indexPeers: fc.option(fc.array(peerAddr, { minLength: 1, maxLength: 2 })),
      updatedAt: u64,
    }),
  ],
  [
    'shares page',
    materializedSharesPage as Codec<unknown>,
    fc.record({
      communityId: id,
      bucket: u64,
      pageNo: fc.nat(0xffff),
      totalPages: fc.nat(0xffff),
      entries: fc.array(
        fc.record({
          shareId: id,
          sharePubkey: id,
          latestSeq: u64,
          title: fc.option(text),
          description: fc.option(text),
          updatedAt: u64,
        }),
        { maxLength: 2 },
      ),
      builtAt: u64,
    }),
  ],
];

describe.each(CODECS)('%s', (_name, codec, values) => {
  test('round trip', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(codec.read(new Reader(encodeWith(codec, value)))).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  test('any bytes, and any altered value, give a value or DecodeError', () => {
    const altered = fc.tuple(values, fc.nat(), fc.nat(255)).map(([value, at, octet]) => {
      const encoded = encodeWith(codec, value);
      encoded[at % encoded.length] = octet;
      return encoded;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), altered), (input) => {
        try {
          codec.read(new Reader(input));
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('share heads', () => {
  const head = signShareHead(alice, { latestSeq: 5n, latestManifestId: new Uint8Array(32), updatedAt: 9n });

  test('verify with the key of their share only', () => {
    expect(verifyShareHead(head, alice.publicKey)).toEqual({ ok: true });
    expect(verifyShareHead(head, bob.publicKey)).toEqual({ ok: false, reason: 'wrong-share-id' });
    expect(verifyShareHead({ ...head, updatedAt: 10n }, alice.publicKey)).toMatchObject({
      reason: 'signature',
    });
    expect(verifyShareHead({ ...head, sig: head.sig.slice(1) }, alice.publicKey)).toMatchObject({
      reason: 'signature',
    });
  });

  test('the higher number wins, then the later date', () => {
    expect(compareShareHeads(head, { ...head, latestSeq: 4n, updatedAt: 99n })).toBe(1);
    expect(compareShareHeads(head, { ...head, updatedAt: 10n })).toBe(-1);
    expect(compareShareHeads(head, head)).toBe(0);
  });
});

describe('relay announcements', () => {
  const address: PeerAddr = {
    ip: Uint8Array.of(203, 0, 113, 9),
    port: 7001,
    transport: 'tcp',
    pubkeyHint: null,
    relayVia: null,
  };
  const fields = {
    relayAddrs: [address],
    capabilities: {
      dht: true,
      store: false,
      relay: true,
      contentSeed: false,
      mobileLight: false,
      communityPagedBrowse: false,
      communitySearch: false,
      communityDeltaSync: true,
    },
    capacity: { maxTunnels: 64, bandwidthClass: 'Medium', maxBytesPerTunnel: null },
    issuedAt: 1000n,
    expiresAt: 1000n + MAX_ANNOUNCEMENT_LIFE,
  } as const;

  test.each([DIALECT_1, DIALECT_2])('are signed for one dialect: %j', (dialect) => {
    const signed = signRelayAnnouncement(alice, dialect, fields);
    const w = new Writer();
    writeRelayAnnouncement(w, signed, dialect);
    const read = readRelayAnnouncement(new Reader(w.finish()));
    expect(read.capabilities.keys).toBe(dialect.capabilityKeys);
    expect(verifyRelayAnnouncement(read)).toEqual({ ok: true });
    const other = dialect.capabilityKeys === 5 ? 8 : 5;
    expect(verifyRelayAnnouncement(read, other)).toEqual({ ok: false, reason: 'signature' });
  });

  test.each([
    ['no relay', { capabilities: { ...fields.capabilities, relay: false } }, 'no-relay-capability'],
    ['too long a life', { expiresAt: fields.expiresAt + 1n }, 'lifetime'],
    ['no life', { expiresAt: fields.issuedAt }, 'lifetime'],
    ['no address', { relayAddrs: [] }, 'no-address'],
    [
      'an address behind a relay',
      { relayAddrs: [{ ...address, relayVia: { relayAddr: address, slotId: 1n } }] },
      'relayed-address',
    ],
  ] as const)('%s', (_name, change, reason) => {
    const signed = signRelayAnnouncement(alice, DIALECT_2, { ...fields, ...change });
    expect(verifyRelayAnnouncement(signed)).toEqual({ ok: false, reason });
  });

  test('small-order keys, which anybody can sign for, are refused', () => {
    const signed = signRelayAnnouncement(alice, DIALECT_2, fields);
    const neutral = new Uint8Array(32);
    neutral[0] = 1;
    const forged = new Uint8Array(64);
    forged[0] = 1;
    expect(verifyRelayAnnouncement({ ...signed, relayPubkey: neutral, signature: forged })).toMatchObject({
      reason: 'signature',
    });
  });

  test('freshness ends with the second of expiry', () => {
    const signed = signRelayAnnouncement(alice, DIALECT_2, fields);
    expect([isFresh(signed, fields.expiresAt - 1n), isFresh(signed, fields.expiresAt)]).toEqual([
      true,
      false,
    ]);
  });
});

describe('member records', () => {
  const token = (member: Uint8Array) =>
    encodeMembershipToken(
      signMembershipToken(community, { memberNodePubkey: member, issuedAt: 1n, expiresAt: 2n }),
    );
  const communityId = signMembershipToken(community, {
    memberNodePubkey: alice.publicKey,
    issuedAt: 1n,
    expiresAt: 2n,
  }).communityShareId;
  const record = (authTokenBytes: Uint8Array | null) =>
    signCommunityMember(alice, {
      communityId,
      announceSeq: 1n,
      status: 'joined',
      issuedAt: 1n,
      expiresAt: 2n,
      authTokenBytes,
    });

  test('a token must be of this member and community', () => {
    expect(verifyCommunityMember(record(null))).toEqual({ ok: true });
    expect(verifyCommunityMember(record(token(alice.publicKey)))).toEqual({ ok: true });
    expect(verifyCommunityMember(record(token(bob.publicKey)))).toMatchObject({ reason: 'token-of-another' });
    expect(verifyCommunityMember(record(Uint8Array.of(0xff)))).toMatchObject({ reason: 'token-malformed' });
    expect(verifyCommunityMember({ ...record(null), status: 'left' })).toMatchObject({ reason: 'signature' });
  });
});

describe('member lists', () => {
  test('are joined without doubles, the date being the later one', () => {
    fc.assert(
      fc.property(
        fc.array(peerAddr, { maxLength: 4 }),
        fc.array(peerAddr, { maxLength: 4 }),
        u64,
        u64,
        (a, b, early, late) => {
          const list = (members: readonly PeerAddr[], updatedAt: bigint) => ({
            communityShareId: new Uint8Array(32),
            members,
            updatedAt,
          });
          const merged = mergeCommunityMembers(list([...a, ...b], early), list([...b, ...a], late));
          expect([early, late].every((date) => date <= merged.updatedAt)).toBe(true);
          expect([early, late]).toContain(merged.updatedAt);
          const again = mergeCommunityMembers(merged, list(b, 0n));
          expect(again).toEqual(merged);
          for (const member of [...a, ...b]) expect(merged.members).toContainEqual(member);
        },
      ),
      { numRuns: 50 },
    );
  });
});
