import { randomBytes } from 'node:crypto';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { bytesEqual, concatBytes, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { generateSeed, keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { communityMembers } from '../../../src/protocol/objects/community-members.ts';
import * as keys from '../../../src/protocol/objects/dht-keys.ts';
import { encodeTagged, MAX_DHT_VALUE } from '../../../src/protocol/objects/dht-value.ts';
import { signKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import { shareHead, signShareHead } from '../../../src/protocol/objects/share-head.ts';
import { errorTextOf, isError } from '../../../src/protocol/wire/errors.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { nowSeconds } from '../caller.ts';
import type { Check, CheckSuite } from '../check.ts';
import { readReply, type Session } from '../session.ts';
import { must } from '../verdict.ts';
import { unknownId } from './requests.ts';

const SECTION = 'wire 10';
const DAY = 86_400n;
const WEEK = 604_800n;

/** An address of the documentation's net: nobody is dialled for it. */
const somewhere = (): PeerAddr => ({
  ip: Uint8Array.of(192, 0, 2, 1 + (randomBytes(1)[0]! % 250)),
  port: 7001,
  transport: 'tcp',
  pubkeyHint: unknownId(),
  relayVia: null,
});

interface Record {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

function head(seq = 1n, seed = generateSeed()): Record {
  const signed = signShareHead(keyPairFromSeed(seed), {
    latestSeq: seq,
    latestManifestId: unknownId(),
    updatedAt: nowSeconds(),
  });
  return { key: keys.shareHeadKey(signed.shareId), value: encodeWith(shareHead, signed) };
}

function providersOf(contentId = unknownId()): Record {
  const value = { contentId, providers: [somewhere()], updatedAt: nowSeconds() };
  return { key: keys.providersKey(contentId), value: encodeWith(providers, value) };
}

function members(): Record {
  const communityShareId = unknownId();
  const value = { communityShareId, members: [somewhere()], updatedAt: nowSeconds() };
  return { key: keys.communityInfoKey(communityShareId), value: encodeWith(communityMembers, value) };
}

function revocation(): Record {
  const key = keyPairFromSeed(generateSeed());
  const signed = signKeyRevocation(key, {
    subjectKind: 'sharepublisher',
    reason: 'retired',
    issuedAt: nowSeconds(),
  });
  return { key: keys.revocationKey(key.publicKey), value: encodeTagged('key-revocation', signed) };
}

const store = (session: Session, { key, value }: Record, ttlSecs = DAY): Promise<null> =>
  session.ask(types.STORE, { key, value, ttlSecs });

async function found(session: Session, { key }: Record) {
  const { value } = await session.ask(types.FIND_VALUE, { key });
  must(value !== null, 'the value that was stored', 'none');
  return value;
}

/** Stored, and given back as it was. */
const keeps = (name: string, make: () => Record, more: Partial<Check> = {}): Check => ({
  name,
  section: SECTION,
  ...more,
  async run(target) {
    const record = make();
    await store(await target.session(), record);
    // Somebody else asks: what counts is what others get.
    const { key, value } = await found(await target.session(), record);
    must(bytesEqual(key, record.key), 'the key asked for', toHex(key));
    must(bytesEqual(value, record.value), 'the octets stored', `${value.length} other octets`);
  },
});

const refuses = (name: string, make: () => Record, more: Partial<Check> = {}): Check => ({
  name,
  section: SECTION,
  ...more,
  async run(target) {
    const session = await target.session();
    const { key, value } = make();
    const payload = encodeRequest(types.STORE, { key, value, ttlSecs: DAY });
    const reply = await session.exchange(types.STORE, payload);
    // Reads the text of one that leaves the message out, and skips.
    if (isError(reply) && /not served/.test(errorTextOf(reply))) readReply(types.STORE, reply);
    must(isError(reply), 'an error reply', 'an acknowledgement');
    await session.stillServes();
  },
});

const ttl = (name: string, asked: bigint, holds: (ttl: bigint) => boolean): Check => ({
  name,
  section: 'wire 10.4',
  async run(target) {
    const session = await target.session();
    const record = providersOf();
    await store(session, record, asked);
    const { ttlSecs } = await found(session, record);
    must(holds(ttlSecs), name, `${ttlSecs} s`);
  },
});

export const dht: CheckSuite = {
  name: 'dht',
  checks: [
    {
      name: '200 gives at most 20 nodes',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const target20 = unknownId().subarray(0, 20);
        const { peers } = await session.ask(types.FIND_NODE, { targetNodeId: target20 });
        must(peers.length <= 20, 'at most 20', `${peers.length}`);
      },
    },
    {
      name: '201 of an unknown key gives no value and at most 20 nodes',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const { value, closerPeers } = await session.ask(types.FIND_VALUE, { key: unknownId() });
        must(value === null, 'no value', `${value?.value.length} octets`);
        must(closerPeers.length <= 20, 'at most 20', `${closerPeers.length}`);
      },
    },
    keeps('a share head is kept', () => head()),
    keeps('providers are kept', () => providersOf()),
    keeps('the member list of a community is kept', members, { dialects: [1] }),
    keeps('a revocation is kept', revocation, { dialects: [2], section: 'wire v2 10' }),
    refuses('the member list of a community is refused', members, {
      dialects: [2],
      section: 'wire v2 10',
    }),
    refuses('a revocation is refused', revocation, { dialects: [1], section: 'wire v2 20' }),
    refuses('a value under a key that is not its own is refused', () => ({ ...head(), key: unknownId() })),
    refuses('octets that are no record are refused', () => ({ key: unknownId(), value: randomBytes(80) })),
    refuses('no octet is refused', () => ({ key: unknownId(), value: new Uint8Array(0) })),
    refuses('a value of 64 KiB and 1 octet is refused', () => {
      const record = providersOf();
      const padding = new Uint8Array(MAX_DHT_VALUE + 1 - record.value.length);
      return { key: record.key, value: concatBytes(record.value, padding) };
    }),
    refuses(
      'a revocation with a wrong signature is refused',
      () => {
        const record = revocation();
        const value = Uint8Array.from(record.value);
        value[value.length - 1]! ^= 1;
        return { key: record.key, value };
      },
      { dialects: [2], section: 'wire v2 9.9' },
    ),
    ttl('a ttl of two days is kept', 2n * DAY, (left) => left > 2n * DAY - 60n && left <= 2n * DAY),
    ttl('a ttl of a year is cut to a week', 31_536_000n, (left) => left <= WEEK),
  ],
};
