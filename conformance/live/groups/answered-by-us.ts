import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { generateSeed, keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { providersKey } from '../../../src/protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import * as types from '../../../src/protocol/wire/message-types.ts';
import { decodeReply, MESSAGES } from '../../../src/protocol/wire/registry.ts';
import { type Cell, everywhere, type Group, NotYet, type Place } from '../cell.ts';
import { must } from '../expect.ts';
import { byGranary } from '../published.ts';
import { ReferenceFailure } from '../reference.ts';
import { addressOf, type World } from '../world.ts';

const unknownId = (): string => randomBytes(32).toString('hex');
const NOT_SERVED = /not served by this node/;

interface Answer {
  readonly type: number;
  readonly flags: number;
  /** As the reference's decoder reads it. */
  readonly payload: unknown;
  readonly payload_hex: string;
}

const textOf = ({ payload_hex }: Pick<Answer, 'payload_hex'>) => Buffer.from(payload_hex, 'hex').toString();

/** A question of the reference to the Granary node, encoded and decoded by its own library. */
async function ask(world: World, place: Place, cmd: string, args: object = {}): Promise<Answer> {
  const [reference, node] = [await world.reference(place.dialect), await world.granary('server')];
  const peer = addressOf(node, place.transport);
  const reply = await reference.ask(cmd, { peer, ...args });
  if (!reply.ok) {
    if (NOT_SERVED.test(reply.error ?? '')) throw new NotYet(`Granary answers: ${reply.error}`);
    throw new ReferenceFailure(`${cmd}: ${reply.error}`);
  }
  return reply as unknown as Answer;
}

/** A question that must be answered, by a reply of that type. */
async function answered(
  world: World,
  place: Place,
  replyType: number,
  cmd: string,
  args: object = {},
): Promise<Answer> {
  const answer = await ask(world, place, cmd, args);
  if ((answer.flags & 2) !== 0) {
    if (NOT_SERVED.test(textOf(answer))) throw new NotYet(`Granary answers: ${textOf(answer)}`);
    throw new Error(`the error "${textOf(answer)}"`);
  }
  must(answer.type === replyType, `a reply of type ${answer.type} instead of ${replyType}`);
  return answer;
}

/** A question that must be refused with that text: the library makes an error reply the error of the call. */
async function refused(world: World, place: Place, cmd: string, args: object, text: RegExp): Promise<void> {
  const [reference, node] = [await world.reference(place.dialect), await world.granary('server')];
  const reply = await reference.ask(cmd, { peer: addressOf(node, place.transport), ...args });
  must(!reply.ok, 'it was answered');
  must(text.test(reply.error ?? ''), `another error: ${reply.error}`);
}

const title = (type: number): string => `${type} ${MESSAGES[type as keyof typeof MESSAGES].name}`;

const simple = (type: number, replyType: number, cmd: string, args: () => object = () => ({})): Cell[] =>
  everywhere(title(type), (world, place) => answered(world, place, replyType, cmd, args()));

/** A page of a community that nobody knows, fetched by the library of dialect 2; unknown to the other. */
const page = (type: number, cmd: string, list: string): Cell[] =>
  everywhere(title(type), async (world, place) => {
    if (place.dialect === 1) {
      const unknown = new RegExp(`unknown message type ${type}`);
      await refused(world, place, 'request', { type, payload: 'a0' }, unknown);
      return `refused, as it must be: unknown message type ${type}`;
    }
    const reply = (await ask(world, place, cmd, {
      community: unknownId(),
      query: 'x',
      limit: 10,
    })) as unknown as Record<string, unknown[]>;
    must(reply[list]?.length === 0, `no empty list: ${JSON.stringify(reply).slice(0, 200)}`);
    return null;
  });

const community = () => {
  const key = keyPairFromSeed(generateSeed()).publicKey;
  return { share_id: toHex(shareIdOf(key)), share_pubkey: toHex(key) };
};

export const answeredByUs: Group = {
  name: 'Messages, answered by Granary',
  about:
    'The reference asks a Granary node each request of the wire, encoded and decoded by its own library, on a session of its own.',
  cells: [
    ...everywhere(title(100), (world, place) => answered(world, place, 100, 'pex_offer', { offer: [] })),
    ...simple(101, 100, 'pex_request', () => ({ max: 5 })),
    ...simple(200, 200, 'find_node', () => ({ target: unknownId().slice(0, 40) })),
    ...simple(201, 201, 'find_value', () => ({ key: unknownId() })),
    ...everywhere(title(202), async (world, place) => {
      const contentId = randomBytes(32);
      const value = toHex(encodeWith(providers, { contentId, providers: [], updatedAt: 1n }));
      const key = toHex(providersKey(contentId));
      await answered(world, place, 202, 'store', { key, value, ttl: 86_400 });
      const found = await answered(world, place, 201, 'find_value', { key });
      must(found.payload_hex.includes(value), 'it does not give back what was stored');
    }),
    ...everywhere(title(400), async (world, place) => {
      const { manifestId } = await byGranary(world);
      await answered(world, place, 401, 'get_manifest', { manifest_id: manifestId });
      // The library's own way checks id, signature and bounds.
      await ask(world, place, 'fetch_manifest', { manifest_id: manifestId });
    }),
    ...everywhere(title(402), async (world, place) => {
      const { shareId } = await byGranary(world);
      const { payload_hex } = await answered(world, place, 403, 'list_public', { max: 64 });
      const { shares } = decodeReply(types.LIST_PUBLIC_SHARES, Buffer.from(payload_hex, 'hex'));
      must(
        shares.some((share) => toHex(share.shareId) === shareId),
        'a list without the public share',
      );
    }),
    ...simple(404, 405, 'community_status', community),
    ...simple(406, 407, 'community_list', community),
    ...page(410, 'c_members', 'entries'),
    ...page(412, 'c_shares', 'entries'),
    ...page(414, 'c_search', 'hits'),
    ...page(416, 'c_events', 'events'),
    ...simple(450, 451, 'relay_register'),
    ...everywhere(title(452), async (world, place) => {
      const { payload } = await answered(world, place, 451, 'relay_register');
      const slot = String((payload as { relay_slot_id: number }).relay_slot_id);
      await answered(world, place, 452, 'relay_connect', { slot });
    }),
    ...everywhere(title(453), async (world, place) => {
      const { payload } = await answered(world, place, 451, 'relay_register');
      const slot = String((payload as { relay_slot_id: number }).relay_slot_id);
      await answered(world, place, 452, 'relay_connect', { slot });
      await answered(world, place, 453, 'relay_stream', { slot, stream: 7, payload: '0102' });
    }),
    ...simple(460, 461, 'relay_list'),
    ...everywhere(`${title(498)}, which is no request`, (world, place) =>
      refused(world, place, 'providers_msg', { content_id: unknownId() }, /unsupported message type/),
    ),
    ...simple(499, 499, 'have_content', () => ({ content_id: unknownId() })),
    ...everywhere(title(500), async (world, place) => {
      const { contentId, path } = await byGranary(world);
      const answer = await answered(world, place, 501, 'get_chunk', { content_id: contentId, index: 2 });
      const last = (await readFile(path)).subarray(2 * 262_144);
      const { bytes } = decodeReply(types.GET_CHUNK, Buffer.from(answer.payload_hex, 'hex'));
      must(toHex(blake3(bytes)) === toHex(blake3(last)), 'another chunk');
    }),
    ...everywhere(title(502), async (world, place) => {
      const { contentId } = await byGranary(world);
      const answer = await answered(world, place, 503, 'get_chunk_hashes', { content_id: contentId });
      const { hashes } = decodeReply(types.GET_CHUNK_HASHES, Buffer.from(answer.payload_hex, 'hex'));
      must(hashes.length === 3 * 32, `${hashes.length / 32} hashes instead of 3`);
    }),
    ...everywhere('an unknown type is refused', (world, place) =>
      refused(world, place, 'request', { type: 454 }, /unknown message type 454/),
    ),
    ...everywhere('an unknown manifest is refused', (world, place) =>
      refused(world, place, 'get_manifest', { manifest_id: unknownId() }, /manifest not found/),
    ),
    ...everywhere('an unknown chunk is refused', (world, place) =>
      refused(world, place, 'get_chunk', { content_id: unknownId(), index: 0 }, /chunk not found/),
    ),
    ...everywhere('an unknown hash list is refused', (world, place) =>
      refused(world, place, 'get_chunk_hashes', { content_id: unknownId() }, /chunk hashes not found/),
    ),
    ...everywhere('a payload that does not decode is refused', (world, place) =>
      refused(world, place, 'request', { type: 400, payload: 'a0' }, /missing field `manifest_id`/),
    ),
  ],
};
