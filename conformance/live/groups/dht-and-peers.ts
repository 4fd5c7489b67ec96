import { randomBytes } from 'node:crypto';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { providersKey, shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import { everywhere, type Group, type Place } from '../cell.ts';
import { eventually, must } from '../expect.ts';
import { fileOf } from '../files.ts';
import {
  downloadByReference,
  fetchedIn,
  followByGranary,
  followByReference,
  publishAtGranary,
  publishAtReference,
  type Share,
} from '../flows.ts';
import type { Reference } from '../reference.ts';
import { addressOf, type World } from '../world.ts';

/** How long a node may take until others hear of what it has. */
const PATIENCE_S = 40;

const octets = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

/** A reference node between the two, which serves the DHT as the shipped relay does. */
const between = (world: World, place: Place): Promise<Reference> =>
  world.reference(place.dialect, `between-${place.transport}`, ['--unlimited', '--caps', 'dht,store,relay']);

const published = new WeakMap<World, Map<string, Promise<Share>>>();

/** A public share of a Granary node that knows the reference node between alone; the node holds its head. */
function heldBetween(world: World, place: Place): Promise<Share> {
  const key = `${place.dialect}-${place.transport}`;
  const all = published.get(world) ?? new Map<string, Promise<Share>>();
  published.set(world, all);
  const known = all.get(key) ?? give(world, place);
  all.set(key, known);
  return known;
}

async function give(world: World, place: Place): Promise<Share> {
  addressOf(await world.granary('server'), place.transport);
  const reference = await between(world, place);
  const node = await world.granary(`giver-${place.dialect}-${place.transport}`, [
    reference.address(place.transport),
  ]);
  const share = await publishAtGranary(node, [await fileOf(world, 262_145)], '--public');
  const key = toHex(shareHeadKey(octets(share.shareId)));
  await eventually('head in the DHT of the reference', PATIENCE_S, () => held(reference, key));
  return share;
}

async function held(reference: Reference, key: string): Promise<string | null> {
  const found = await reference.must<{ value?: string }>('local_find', { key });
  return found.value ?? null;
}

export const dhtAndPeers: Group = {
  name: 'DHT and peer exchange',
  about:
    'Values stored at one kind of node and found by the other, shares that are reached through a third node, and addresses that travel. The node between is one of the reference with the capabilities of its relay program (`--caps dht,store,relay`), not that program itself.',
  cells: [
    ...everywhere(
      'what the reference stores at Granary, another reference node finds there',
      async (world, place) => {
        const node = await world.granary('server');
        const peer = addressOf(node, place.transport);
        const contentId = randomBytes(32);
        const key = toHex(providersKey(contentId));
        const value = toHex(encodeWith(providers, { contentId, providers: [], updatedAt: 1n }));
        const writer = await world.reference(place.dialect);
        await writer.must('store', { peer, key, value, ttl: 86_400 });
        const reader = await world.reference(place.dialect, 'subscriber', []);
        const found = await reader.must<{ value?: string }>('lookup_value', { key, peers: [peer] });
        must(found.value === value, `another value: ${JSON.stringify(found)}`);
      },
    ),
    ...everywhere('a share of Granary is in the DHT of the reference', async (world, place) => {
      await heldBetween(world, place);
    }),
    ...everywhere('and a reference node that knows that node alone follows it', async (world, place) => {
      const share = await heldBetween(world, place);
      const reader = await world.reference(place.dialect, 'reader', []);
      await followByReference(reader, share, (await between(world, place)).address(place.transport));
    }),
    ...everywhere('and downloads it from Granary, whose address it finds there', async (world, place) => {
      const share = await heldBetween(world, place);
      const reference = await between(world, place);
      const middle = reference.address(place.transport);
      const contentId = [...share.contents.values()][0]!;
      const key = toHex(providersKey(octets(contentId)));
      await eventually('providers in the DHT of the reference', PATIENCE_S, () => held(reference, key));
      const reader = await world.reference(place.dialect, 'reader', []);
      await followByReference(reader, share, middle);
      const original = await fileOf(world, 262_145);
      return fetchedIn(await downloadByReference(reader, share, original, world.path('got.bin'), middle));
    }),
    ...everywhere(
      'a share of the reference, given to Granary, is followed by Granary through Granary',
      async (world, place) => {
        const node = await world.granary('server');
        const peer = addressOf(node, place.transport);
        // One that has nothing else: it gives all it has, over a new connection for each value.
        const writer = await world.reference(place.dialect, 'gives');
        const label = `given-${place.transport}`;
        const share = await publishAtReference(writer, {
          files: [await fileOf(world, 77)],
          label,
          title: label,
        });
        await writer.must('republish', { peers: [peer] });
        const reader = await world.granary(`through-${place.transport}`, [peer]);
        await followByGranary(reader, share);
      },
    ),
    ...everywhere(
      'an address that the reference offers to Granary is given to others',
      async (world, place) => {
        const node = await world.granary('server');
        const peer = addressOf(node, place.transport);
        const [teller, told] = [
          await world.reference(place.dialect),
          await world.reference(place.dialect, 'offered'),
        ];
        const offered = `${told.address(place.transport)}@${told.ready.node_pubkey}`;
        await teller.must('pex_offer', { peer, offer: [offered] });
        return knownTo(teller, peer, told, place);
      },
    ),
    ...everywhere(
      'an address that the reference gives to Granary is given to others',
      async (world, place) => {
        addressOf(await world.granary('server'), place.transport);
        const source = await world.reference(place.dialect, 'source');
        const told = await world.reference(place.dialect, 'given');
        const address = `${told.address(place.transport)}@${told.ready.node_pubkey}`;
        await source.must('peer_add', { peers: [address] });
        const node = await world.granary(`learner-${place.dialect}-${place.transport}`, [
          source.address(place.transport),
        ]);
        return knownTo(source, addressOf(node, place.transport), told, place);
      },
    ),
  ],
};

/** Whether a Granary node gives the address of that reference node to whoever asks, by and by. */
async function knownTo(
  asker: Reference,
  peer: string,
  told: Reference,
  { transport }: Place,
): Promise<string> {
  const port = Number(new URL(told.address(transport).replace('quic:', 'tcp:')).port);
  const started = performance.now();
  await eventually(`address of the other node in an answer of Granary`, PATIENCE_S, async () => {
    const { payload } = await asker.must<{ payload: { peers: { port: number }[] } }>('pex_request', {
      peer,
      max: 64,
    });
    return payload.peers.some((each) => each.port === port) ? true : null;
  });
  return `after ${((performance.now() - started) / 1000).toFixed(1)} s`;
}
