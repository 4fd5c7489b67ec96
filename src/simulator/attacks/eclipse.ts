import { dhtContract } from '../../actors/dht/contract.ts';
import { PEX_OFFER } from '../../protocol/wire/message-types.ts';
import { encodeRequest } from '../../protocol/wire/registry.ts';
import type { Attack } from './attack.ts';
import { off } from './defences.ts';
import { introduce } from './introduce.ts';
import { send } from './moves.ts';
import { addSybils, peerAddrOf } from './sybils.ts';

const SYBILS = 600;
const NETWORKS = 2;
const ROUNDS = 6;
const PAUSE_MS = 120_000;

/**
 * An attacker wants a node's routing table to be full of his: he tells it of them again and again, and each answers. He
 * wins with more than half of the table.
 */
export const eclipse: Attack = {
  name: `eclipse of a routing table by ${SYBILS} Sybils from ${NETWORKS} networks`,
  defence:
    'few nodes of one network in a bucket and in the table; who is there keeps his place while he answers',
  off: off('diversity', 'pingBeforeEvict'),
  nodes: 70,
  async run(world) {
    const { network } = world;
    const victim = world.alive[50]!;
    const sybils = await addSybils(world, { count: SYBILS, networks: NETWORKS });
    const own = new Set(sybils.map(({ identity }) => identity.nodeKey));
    for (let round = 0; round < ROUNDS; round++) {
      await introduce(world, sybils, [victim]);
      for (let from = 0; from < sybils.length; from += 32) {
        const peers = sybils.slice(from, from + 32).map(({ identity }) => peerAddrOf(identity));
        await send(world, sybils[from]!, victim, PEX_OFFER, encodeRequest(PEX_OFFER, { peers }));
        await network.runFor(5_000);
      }
      await network.runFor(PAUSE_MS);
    }
    const table = await network.until(victim.ref(dhtContract).ask('table', null), 1_000);
    const taken = table.filter(({ nodeKey }) => own.has(nodeKey)).length / Math.max(1, table.length);
    return { succeeded: taken > 0.5, share: taken, of: `the ${table.length} nodes in the table` };
  },
};
