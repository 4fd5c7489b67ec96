import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { transportContract } from '../../../src/actors/transport/contract.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { generateSeed, keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { chunkHash } from '../../../src/protocol/objects/chunks.ts';
import { providersKey } from '../../../src/protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { decodeManifest, manifestId } from '../../../src/protocol/objects/manifest.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import {
  decodeReply,
  encodeRequest,
  MESSAGES,
  type ReplyOf,
  type RequestOf,
  type RequestType,
} from '../../../src/protocol/wire/registry.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { type Cell, everywhere, type Group, type Place } from '../cell.ts';
import { must } from '../expect.ts';
import { byReference } from '../published.ts';
import type { World } from '../world.ts';

const octets = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const unknownId = (): Uint8Array => new Uint8Array(randomBytes(32));

/** A question of our transport to the reference node, on a session of that transport. */
async function exchange(world: World, place: Place, type: number, payload: Uint8Array) {
  const reference = await world.reference(place.dialect);
  const node = await world.asker();
  const peer = { address: reference.address(place.transport), nodeKey: reference.ready.node_pubkey };
  return await node.supervisor.ref(transportContract).ask('request', { peer, type, payload });
}

async function ask<T extends RequestType>(
  world: World,
  place: Place,
  type: T,
  value: RequestOf<T>,
): Promise<ReplyOf<T>> {
  const reply = await exchange(world, place, type, encodeRequest(type, value));
  const { replyType } = MESSAGES[type];
  must(reply.type === replyType, `a reply of type ${reply.type} instead of ${replyType}`);
  return decodeReply(type, reply.payload);
}

/** The error reply that a question must get. */
async function refusal(
  world: World,
  place: Place,
  type: number,
  payload: Uint8Array,
  text: RegExp,
): Promise<void> {
  const error = await exchange(world, place, type, payload).then(
    () => new Error('it was answered'),
    (thrown: Error) => thrown,
  );
  must(error instanceof ActorError && error.code === 'E_PEER_ERROR', `no error reply: ${error.message}`);
  must(text.test(error.message), `another error: ${error.message}`);
}

const title = (type: number): string => `${type} ${MESSAGES[type as keyof typeof MESSAGES].name}`;

/** Messages that came with dialect 2: the others must say that they do not know them. */
function late(type: RequestType, run: (world: World, place: Place) => Promise<unknown>): Cell[] {
  return everywhere(title(type), async (world, place) => {
    if (place.dialect === 2) return run(world, place);
    await refusal(world, place, type, new Uint8Array([0xa0]), new RegExp(`unknown message type ${type}`));
    return `refused, as it must be: unknown message type ${type}`;
  });
}

const community = () => ({ communityId: unknownId(), cursor: null, limit: 10 });

export const askedByUs: Group = {
  name: 'Messages, asked by Granary',
  about:
    'A Granary node asks a live reference node each request of the wire on a session of its own, and reads the answer.',
  cells: [
    ...everywhere(title(100), (world, place) => ask(world, place, types.PEX_OFFER, { peers: [] })),
    ...everywhere(title(101), (world, place) => ask(world, place, types.PEX_REQUEST, { maxPeers: 5 })),
    ...everywhere(title(200), (world, place) =>
      ask(world, place, types.FIND_NODE, { targetNodeId: unknownId().subarray(0, 20) }),
    ),
    ...everywhere(title(201), async (world, place) => {
      const { value } = await ask(world, place, types.FIND_VALUE, { key: unknownId() });
      must(value === null, 'a value under a key that nobody has stored');
    }),
    ...everywhere(title(202), async (world, place) => {
      const contentId = unknownId();
      const record = { contentId, providers: [], updatedAt: 1n };
      const key = providersKey(contentId);
      const stored = encodeWith(providers, record);
      await ask(world, place, types.STORE, { key, value: stored, ttlSecs: 86_400n });
      const { value } = await ask(world, place, types.FIND_VALUE, { key });
      must(value !== null && toHex(value.value) === toHex(stored), 'it does not give back what was stored');
    }),
    ...everywhere(title(400), async (world, place) => {
      const id = (await byReference(world, place.dialect)).manifestId;
      const { bytes } = await ask(world, place, types.GET_MANIFEST, { manifestId: octets(id) });
      must(toHex(manifestId(decodeManifest(bytes))) === id, 'a manifest with another id');
    }),
    ...everywhere(title(402), async (world, place) => {
      const { shareId } = await byReference(world, place.dialect);
      const { shares } = await ask(world, place, types.LIST_PUBLIC_SHARES, { maxEntries: 100 });
      must(
        shares.some((share) => toHex(share.shareId) === shareId),
        'a list without the public share',
      );
    }),
    ...everywhere(title(404), async (world, place) => {
      const communitySharePubkey = keyPairFromSeed(generateSeed()).publicKey;
      const communityShareId = shareIdOf(communitySharePubkey);
      const status = await ask(world, place, types.GET_COMMUNITY_STATUS, {
        communityShareId,
        communitySharePubkey,
      });
      must(!status.joined, 'joined to a community of nobody');
    }),
    ...everywhere(title(406), async (world, place) => {
      const communitySharePubkey = keyPairFromSeed(generateSeed()).publicKey;
      const list = await ask(world, place, types.LIST_COMMUNITY_PUBLIC_SHARES, {
        communityShareId: shareIdOf(communitySharePubkey),
        communitySharePubkey,
        maxEntries: 10,
        requesterNodePubkey: null,
        requesterMembershipProof: null,
      });
      must(list.shares.length === 0, 'shares of a community of nobody');
    }),
    ...late(types.LIST_COMMUNITY_MEMBERS_PAGE, (world, place) =>
      ask(world, place, types.LIST_COMMUNITY_MEMBERS_PAGE, community()),
    ),
    ...late(types.LIST_COMMUNITY_SHARES_PAGE, (world, place) =>
      ask(world, place, types.LIST_COMMUNITY_SHARES_PAGE, { ...community(), sinceUnix: null }),
    ),
    ...late(types.SEARCH_COMMUNITY_SHARES, (world, place) =>
      ask(world, place, types.SEARCH_COMMUNITY_SHARES, { ...community(), query: 'x' }),
    ),
    ...late(types.LIST_COMMUNITY_EVENTS, (world, place) =>
      ask(world, place, types.LIST_COMMUNITY_EVENTS, {
        communityId: unknownId(),
        sinceCursor: null,
        limit: 10,
      }),
    ),
    ...everywhere(title(450), async (world, place) => {
      const { relaySlotId } = await slot(world, place);
      must(relaySlotId !== 0n, 'slot 0');
    }),
    ...everywhere(title(452), async (world, place) => {
      const { relaySlotId } = await slot(world, place);
      await ask(world, place, types.RELAY_CONNECT, { relaySlotId });
    }),
    ...everywhere(title(453), async (world, place) => {
      const { relaySlotId } = await slot(world, place);
      await ask(world, place, types.RELAY_CONNECT, { relaySlotId });
      const sent = { relaySlotId, streamId: 7, kind: 'control', payload: octets('0102') } as const;
      const back = await ask(world, place, types.RELAY_STREAM, sent);
      must(toHex(back.payload) === '0102' && back.streamId === 7, 'another stream comes back');
    }),
    ...everywhere(title(460), (world, place) => ask(world, place, types.RELAY_LIST_REQUEST, { maxCount: 4 })),
    ...everywhere(`${title(498)}, which is no request`, (world, place) =>
      refusal(
        world,
        place,
        types.PROVIDERS,
        encodeWith(providers, { contentId: unknownId(), providers: [], updatedAt: 1n }),
        /unsupported message type/,
      ),
    ),
    ...everywhere(title(499), (world, place) =>
      ask(world, place, types.HAVE_CONTENT, { contentId: unknownId() }),
    ),
    ...everywhere(title(500), async (world, place) => {
      const { contentId, path } = await byReference(world, place.dialect);
      const chunk = await ask(world, place, types.GET_CHUNK, { contentId: octets(contentId), chunkIndex: 2 });
      const last = (await readFile(path)).subarray(2 * 262_144);
      must(toHex(chunkHash(chunk.bytes)) === toHex(chunkHash(last)), 'another chunk');
    }),
    ...everywhere(title(502), async (world, place) => {
      const { contentId } = await byReference(world, place.dialect);
      const { hashes } = await ask(world, place, types.GET_CHUNK_HASHES, { contentId: octets(contentId) });
      must(hashes.length === 3 * 32, `${hashes.length / 32} hashes instead of 3`);
    }),
    ...everywhere('an unknown type is refused', (world, place) =>
      refusal(world, place, 454, new Uint8Array(0), /unknown message type 454/),
    ),
    ...everywhere('an unknown manifest is refused', (world, place) =>
      refusal(
        world,
        place,
        400,
        encodeRequest(types.GET_MANIFEST, { manifestId: unknownId() }),
        /manifest not found/,
      ),
    ),
  ],
};

/** One slot of ours at each reference node, renewed: 0.6.0 gives four to a key. */
const slots = new Map<string, bigint>();
async function slot(world: World, place: Place) {
  const reference = await world.reference(place.dialect);
  const known = slots.get(reference.tcp) ?? null;
  const registered = await ask(world, place, types.RELAY_REGISTER, { relaySlotId: known, tunnel: false });
  slots.set(reference.tcp, registered.relaySlotId);
  return registered;
}
