import { randomBytes } from 'node:crypto';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { generateSeed, keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest, MESSAGES } from '../../../src/protocol/wire/registry.ts';
import type { Check, CheckSuite } from '../check.ts';
import { cbor } from '../octets.ts';
import { must } from '../verdict.ts';

const SECTION = 'wire 6';
const ERRORS = 'wire 7';

export const unknownId = (): Uint8Array => new Uint8Array(randomBytes(32));
/** A real key of nobody: half of all octets are none. */
const unknownKey = (): Uint8Array => keyPairFromSeed(generateSeed()).publicKey;

/** A request that must be refused with a text like this, on a session that goes on. */
export const refused = (
  name: string,
  type: number,
  payload: () => Uint8Array,
  text: RegExp,
  more: Partial<Check> = {},
): Check => ({
  name,
  section: ERRORS,
  ...more,
  async run(target) {
    const session = await target.session();
    const got = await session.refusal(type, payload());
    must(text.test(got), `an error like ${text}`, `the error "${got}"`);
    await session.stillServes();
  },
});

const REPLY_ONLY = [401, 403, 405, 407, 451, 461, 498, 501, 503];
const REPLY_ONLY_LATE = [411, 413, 415, 417];
const LATE = [410, 412, 414, 416];

const refusesReply = (type: number, more: Partial<Check> = {}): Check => {
  const { name } = MESSAGES[type as keyof typeof MESSAGES];
  return refused(
    `${type} ${name}, which only answers, is refused`,
    type,
    () => new Uint8Array(0),
    /^(unsupported message type|Semantic\(|Io\()/,
    more,
  );
};

export const requests: CheckSuite = {
  name: 'requests',
  checks: [
    {
      name: '402 lists no more than asked for, each with the id of its key',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const { shares } = await session.ask(types.LIST_PUBLIC_SHARES, { maxEntries: 3 });
        must(shares.length <= 3, 'at most 3 shares', `${shares.length}`);
        for (const { shareId, sharePubkey } of shares) {
          must(toHex(shareIdOf(sharePubkey)) === toHex(shareId), 'SHA-256 of the key', toHex(shareId));
        }
      },
    },
    {
      name: '404 of a community that is not joined says so',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const communitySharePubkey = unknownKey();
        const communityShareId = shareIdOf(communitySharePubkey);
        const status = await session.ask(types.GET_COMMUNITY_STATUS, {
          communityShareId,
          communitySharePubkey,
        });
        must(!status.joined, 'not joined', 'joined');
        must(toHex(status.communityShareId) === toHex(communityShareId), 'the id asked for', 'another one');
      },
    },
    {
      name: '406 of a community that is not joined is an empty list',
      section: SECTION,
      async run(target) {
        const session = await target.session();
        const communitySharePubkey = unknownKey();
        const list = await session.ask(types.LIST_COMMUNITY_PUBLIC_SHARES, {
          communityShareId: shareIdOf(communitySharePubkey),
          communitySharePubkey,
          maxEntries: 10,
          requesterNodePubkey: null,
          requesterMembershipProof: null,
        });
        must(list.shares.length === 0, 'no share', `${list.shares.length}`);
      },
    },
    {
      name: '499 is acknowledged with no octet',
      section: SECTION,
      async run(target) {
        await (await target.session()).ask(types.HAVE_CONTENT, { contentId: unknownId() });
      },
    },
    refused(
      '404 with a key that is not the id’s is refused',
      types.GET_COMMUNITY_STATUS,
      () =>
        encodeRequest(types.GET_COMMUNITY_STATUS, {
          communityShareId: unknownId(),
          communitySharePubkey: unknownKey(),
        }),
      /./,
      { section: SECTION },
    ),
    refused(
      '400 of an unknown manifest: "manifest not found"',
      types.GET_MANIFEST,
      () => encodeRequest(types.GET_MANIFEST, { manifestId: unknownId() }),
      /^manifest not found$/,
      { section: SECTION },
    ),
    refused(
      '500 of an unknown content: "chunk not found"',
      types.GET_CHUNK,
      () => encodeRequest(types.GET_CHUNK, { contentId: unknownId(), chunkIndex: 0 }),
      /^chunk not found$/,
      { section: SECTION },
    ),
    refused(
      '502 of an unknown content: "chunk hashes not found"',
      types.GET_CHUNK_HASHES,
      () => encodeRequest(types.GET_CHUNK_HASHES, { contentId: unknownId() }),
      /^chunk hashes not found$/,
      { section: SECTION },
    ),
    ...[1, 99, 408, 454, 504, 65_535].map((type) =>
      refused(
        `unknown type ${type}: "unknown message type ${type}"`,
        type,
        () => new Uint8Array(0),
        new RegExp(`^unknown message type ${type}$`),
      ),
    ),
    ...REPLY_ONLY.map((type) => refusesReply(type)),
    ...REPLY_ONLY_LATE.map((type) => refusesReply(type, { dialects: [2], section: 'wire v2 7' })),
    ...LATE.map((type) =>
      refused(
        `${type} is unknown in dialect 1`,
        type,
        () => cbor((w) => w.map(0)),
        new RegExp(`^unknown message type ${type}$`),
        { dialects: [1], section: 'wire v2 7' },
      ),
    ),
  ],
};
