import { STORE } from '../../protocol/wire/message-types.ts';
import { encodeRequest } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { DhtWorld } from '../dht-world.ts';
import type { SimulatedNode } from '../simulated-node.ts';

/** Sends one request from one node to another, past whatever the sender's own behaviours would have done. False: no, or no answer. */
export async function send(
  world: DhtWorld,
  from: SimulatedNode,
  to: SimulatedNode,
  type: number,
  payload: Uint8Array,
): Promise<boolean> {
  try {
    const { address, nodeKey } = to.identity;
    await world.network.until(from.transport!.request({ address, nodeKey }, type, payload), 60_000);
    return true;
  } catch (error) {
    if (error instanceof ActorError) return false;
    throw error;
  }
}

/** Gives a value to nodes, each once. How many took it. */
export async function giveTo(
  world: DhtWorld,
  from: SimulatedNode,
  receivers: readonly SimulatedNode[],
  key: Uint8Array,
  value: Uint8Array,
): Promise<number> {
  const payload = encodeRequest(STORE, { key, value, ttlSecs: 3_600n });
  let taken = 0;
  for (const receiver of receivers)
    if (receiver !== from && (await send(world, from, receiver, STORE, payload))) taken++;
  return taken;
}

/** Nodes that have no part in an attack: the last ones of those that run a DHT. */
export const bystanders = (world: DhtWorld, count: number): readonly SimulatedNode[] =>
  world.alive.slice(-count);
