import { dhtContract } from '../../actors/dht/contract.ts';
import type { WireReply, WireRequest } from '../../actors/wire-request.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { FIND_NODE, FIND_VALUE } from '../../protocol/wire/message-types.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import { encodeReply } from '../../protocol/wire/registry.ts';
import { identityOf, keyOf } from '../identity.ts';
import type { Attack } from './attack.ts';
import { off } from './defences.ts';
import { introduce } from './introduce.ts';

const LIARS = 20;
const NAMED = 20;
const LOOKUPS = 40;

/**
 * A few nodes name others that do not exist, new ones in every answer and each in a network of its own. The attacker wins
 * with more than half of a routing table: the node then asks nobody, and tells others of nobody.
 */
export const phantoms: Attack = {
  name: `nodes that nobody is, told of by ${LIARS} liars`,
  defence: 'only nodes that answered come into the table',
  off: off('onlyAnswered'),
  nodes: 60,
  async run(world) {
    const { network } = world;
    const { seed } = network.options;
    const invented = new Set<string>();
    const invent = (): PeerAddr => {
      const number = invented.size;
      const pubkeyHint = keyOf(seed ^ 0xfa_4703, number);
      invented.add(toHex(pubkeyHint));
      const ip = Uint8Array.of(150 + (number >> 16), (number >> 8) & 255, number & 255, 1);
      return { ip, port: 7001, transport: 'tcp', pubkeyHint, relayVia: null };
    };
    const script = ({ type }: WireRequest): WireReply => {
      const peers = Array.from({ length: NAMED }, invent);
      if (type === FIND_NODE) return { payload: encodeReply(FIND_NODE, { peers }) };
      if (type === FIND_VALUE)
        return { payload: encodeReply(FIND_VALUE, { value: null, closerPeers: peers }) };
      return { payload: new Uint8Array() };
    };
    const victim = world.alive[30]!;
    const liars = [];
    for (let number = 0; number < LIARS; number++) {
      const index = world.nodes.length;
      const ip = Uint8Array.of(140, number, 1, 1);
      const liar = world.addScripted(script, identityOf(seed, index, { ip }));
      await liar.start();
      liars.push(liar);
    }
    await introduce(world, liars, [victim]);
    await network.runFor(30_000);
    for (let number = 0; number < LOOKUPS; number++) {
      const target = toHex(keyOf(number, 0x10_0c).subarray(0, 20));
      await network.until(victim.ref(dhtContract).ask('findNode', { target }), 60_000);
    }
    const table = await network.until(victim.ref(dhtContract).ask('table', null), 1_000);
    const taken = table.filter(({ nodeKey }) => invented.has(nodeKey)).length / Math.max(1, table.length);
    return { succeeded: taken > 0.5, share: taken, of: `the ${table.length} nodes in the table` };
  },
};
