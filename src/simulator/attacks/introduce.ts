import { PEX_OFFER } from '../../protocol/wire/message-types.ts';
import { encodeRequest } from '../../protocol/wire/registry.ts';
import type { DhtWorld } from '../dht-world.ts';
import type { SimulatedNode } from '../simulated-node.ts';
import { send } from './moves.ts';
import { peerAddrOf } from './sybils.ts';

/** Each of the first tells each of the others where it is, as a newcomer does. */
export async function introduce(
  world: DhtWorld,
  newcomers: readonly SimulatedNode[],
  receivers: readonly SimulatedNode[],
): Promise<void> {
  for (const newcomer of newcomers) {
    const payload = encodeRequest(PEX_OFFER, { peers: [peerAddrOf(newcomer.identity)] });
    await Promise.all(receivers.map((receiver) => send(world, newcomer, receiver, PEX_OFFER, payload)));
  }
}
