import { dhtContract } from '../../actors/dht/contract.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { targetOf } from '../../protocol/objects/ids.ts';
import { testValue } from '../dht-measure.ts';
import type { Attack } from './attack.ts';
import { off } from './defences.ts';
import { introduce } from './introduce.ts';
import { bystanders } from './moves.ts';
import { addSybils, nearestNodes } from './sybils.ts';

const VICTIMS = 10;
const SYBILS = 40;

/**
 * An attacker with many keys and few networks has nodes nearer to a key than anybody honest, who name each other, take
 * the value and forget it. He wins where the value cannot be found.
 */
export const sybilRing = (networks: number): Attack => ({
  name: `ring of ${SYBILS} Sybils around a key, from ${networks} networks`,
  defence: 'few nodes of one network in a bucket, in the table and in a lookup',
  off: off('diversity', 'disjointPaths'),
  nodes: 80,
  async run(world) {
    const { network } = world;
    const publisher = world.alive[20]!;
    const value = testValue(publisher, 1, Math.floor(network.world.wall() / 1000));
    const target = targetOf(value.key);
    // Nearer than the nearest honest one, which shares about as many bits as the network has doublings.
    const sybils = await addSybils(world, { count: SYBILS, networks, near: target, bits: 12 });
    await introduce(world, sybils, nearestNodes(world.alive, target, 40));
    await network.runFor(120_000);
    const given = publisher
      .ref(dhtContract)
      .ask('store', { key: toHex(value.key), value: value.octets, ttlSeconds: 3_600 });
    await network.until(given, 180_000);
    let lost = 0;
    for (const victim of bystanders(world, VICTIMS)) {
      const found = await network.until(
        victim.ref(dhtContract).ask('findValue', { key: toHex(value.key) }),
        120_000,
      );
      if (found.value === null) lost++;
    }
    return { succeeded: lost > VICTIMS / 2, share: lost / VICTIMS, of: 'look-ups without the value' };
  },
});
