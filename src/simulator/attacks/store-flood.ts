import { dhtContract } from '../../actors/dht/contract.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { providersKey } from '../../protocol/objects/dht-keys.ts';
import { bucketIndex, targetOf } from '../../protocol/objects/ids.ts';
import { providers } from '../../protocol/objects/providers.ts';
import { FIND_VALUE, STORE } from '../../protocol/wire/message-types.ts';
import { decodeReply, encodeRequest } from '../../protocol/wire/registry.ts';
import type { DhtWorld } from '../dht-world.ts';
import { keyOf } from '../identity.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import type { Attack } from './attack.ts';
import { off } from './defences.ts';
import { send } from './moves.ts';
import { addSybils, idOf, peerAddrOf } from './sybils.ts';

/** What a node keeps in this world, and so what there is to take from it. */
const MAX_VALUES = 400;
const HONEST = 20;
const STORES = 1_200;
/** Keys of the attacker are nearer to the victim than that, so that they are worth more to it than most. */
const NEAR_BITS = 8;
/** Networks of an attacker with many keys. */
const NETWORKS = 2;
/** A request of each attacker every so often, milliseconds. */
const EVERY_MS = 20;

/**
 * Somebody gives one node values without end, under keys so near to it that others would have to make room. He wins where
 * what honest nodes had given it before is mostly gone.
 */
const flood = (name: string, keys: number): Attack => ({
  name,
  defence: 'a network may fill a part of what is kept, at a rate',
  off: { maxValues: MAX_VALUES, ...off('origins', 'rates') },
  on: { maxValues: MAX_VALUES },
  nodes: 50,
  async run(world) {
    const { network } = world;
    const victim = world.alive[30]!;
    const honest: Uint8Array[] = [];
    for (let number = 0; number < HONEST; number++) {
      const giver = world.alive[number]!;
      const contentId = keyOf(number, 0xfa_1);
      const key = providersKey(contentId);
      const payload = encodeRequest(STORE, { key, value: listOf(world, giver, contentId), ttlSecs: 3_600n });
      if (await send(world, giver, victim, STORE, payload)) honest.push(key);
    }
    const givers = await addSybils(world, { count: keys, networks: Math.min(keys, NETWORKS) });
    const near = contentsNear(victim, STORES);
    const sent: Promise<unknown>[] = [];
    for (const [number, contentId] of near.entries()) {
      const giver = givers[number % givers.length]!;
      const value = listOf(world, giver, contentId);
      const payload = encodeRequest(STORE, { key: providersKey(contentId), value, ttlSecs: 3_600n });
      const { address, nodeKey } = victim.identity;
      sent.push(giver.transport!.request({ address, nodeKey }, STORE, payload).catch(() => {}));
      await network.runFor(EVERY_MS / givers.length);
    }
    await network.until(Promise.all(sent), 60_000);
    let left = 0;
    for (const key of honest) if (await has(world, world.alive[1]!, victim, key)) left++;
    const lost = 1 - left / honest.length;
    const { values } = await network.until(victim.ref(dhtContract).ask('status', null), 1_000);
    return { succeeded: lost > 0.5, share: lost, of: `honest values lost, ${values} kept in all` };
  },
});

export const storeFlood = flood('flood of STOREs', 1);
/** Keys cost nothing: each may fill its part. */
export const floodByMany = flood(`flood of STOREs under 24 keys of ${NETWORKS} networks`, 24);

const listOf = (world: DhtWorld, giver: SimulatedNode, contentId: Uint8Array): Uint8Array =>
  encodeWith(providers, {
    contentId,
    providers: [peerAddrOf(giver.identity)],
    updatedAt: BigInt(Math.floor(world.network.world.wall() / 1000)),
  });

/** Contents whose keys lie next to a node. */
function contentsNear(node: SimulatedNode, count: number): Uint8Array[] {
  const id = idOf(node.identity);
  const found: Uint8Array[] = [];
  for (let attempt = 0; found.length < count; attempt++) {
    const contentId = keyOf(attempt, 0xf1_00d);
    if (bucketIndex(id, targetOf(providersKey(contentId))) >= NEAR_BITS) found.push(contentId);
  }
  return found;
}

async function has(
  world: DhtWorld,
  asker: SimulatedNode,
  node: SimulatedNode,
  key: Uint8Array,
): Promise<boolean> {
  const { address, nodeKey } = node.identity;
  const reply = asker.transport!.request(
    { address, nodeKey },
    FIND_VALUE,
    encodeRequest(FIND_VALUE, { key }),
  );
  const { payload } = await world.network.until(reply, 60_000);
  return decodeReply(FIND_VALUE, payload).value !== null;
}
