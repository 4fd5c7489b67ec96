import { dhtContract } from '../../actors/dht/contract.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { providersKey } from '../../protocol/objects/dht-keys.ts';
import { targetOf } from '../../protocol/objects/ids.ts';
import { providers } from '../../protocol/objects/providers.ts';
import { keyOf } from '../identity.ts';
import type { Attack } from './attack.ts';
import { off } from './defences.ts';
import { bystanders, giveTo } from './moves.ts';
import { addSybils, nearestNodes, peerAddrOf } from './sybils.ts';

const VICTIMS = 10;
const LISTS = 20;
/** Networks of an attacker with many keys. */
const NETWORKS = 2;

/**
 * Lists of providers are signed by nobody. Somebody gives the nodes around one list after list of addresses where nobody
 * is. He wins where a look-up no longer brings the one who has the content.
 */
const poisoning = (name: string, keys: number): Attack => ({
  name,
  defence:
    'a list is kept for each giver, the network with most gives way, one address of each list in turn is given out',
  off: off('origins'),
  nodes: 60,
  async run(world) {
    const { network } = world;
    const contentId = keyOf(network.options.seed, 0xc0_ffee);
    const key = providersKey(contentId);
    const updatedAt = BigInt(Math.floor(network.world.wall() / 1000));
    const honest = world.alive[20]!;
    const value = encodeWith(providers, { contentId, providers: [peerAddrOf(honest.identity)], updatedAt });
    await network.until(
      honest.ref(dhtContract).ask('store', { key: toHex(key), value, ttlSeconds: 3_600 }),
      120_000,
    );
    const receivers = nearestNodes(world.alive, targetOf(key), 30);
    const attackers = await addSybils(world, { count: keys, networks: Math.min(keys, NETWORKS) });
    for (let list = 0; list < LISTS; list++) {
      const nowhere = Array.from({ length: 16 }, (_, at) => ({
        ...peerAddrOf(honest.identity),
        ip: Uint8Array.of(140, list, at, 1),
        pubkeyHint: keyOf(list, at),
      }));
      const poison = encodeWith(providers, {
        contentId,
        providers: nowhere,
        updatedAt: updatedAt + BigInt(list + 1),
      });
      await giveTo(world, attackers[list % attackers.length]!, receivers, key, poison);
    }
    let wrong = 0;
    for (const victim of bystanders(world, VICTIMS)) {
      const found = await network.until(
        victim.ref(dhtContract).ask('findProviders', { contentId: toHex(contentId) }),
        120_000,
      );
      const { address } = honest.identity;
      if (!found.providers.some((each) => each.startsWith(`${address}@`) || each === address)) wrong++;
    }
    return {
      succeeded: wrong > VICTIMS / 2,
      share: wrong / VICTIMS,
      of: 'look-ups without the real provider',
    };
  },
});

export const poisonedProviders = poisoning('poisoned provider list', 1);
/** As many givers as a node keeps lists, and more. */
export const poisonedByMany = poisoning(
  `provider list poisoned under ${LISTS} keys of ${NETWORKS} networks`,
  LISTS,
);
