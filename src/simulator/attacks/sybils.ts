import type { WireReply, WireRequest } from '../../actors/wire-request.ts';
import { parseAddress, toPeerAddr } from '../../protocol/addresses/address.ts';
import { bucketIndex, compareDistance, type NodeId, nodeIdOf, targetOf } from '../../protocol/objects/ids.ts';
import { FIND_NODE, FIND_VALUE, PEX_REQUEST } from '../../protocol/wire/message-types.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import { decodeRequest, encodeReply } from '../../protocol/wire/registry.ts';
import type { DhtWorld } from '../dht-world.ts';
import { identityOf, keyOf, type NodeIdentity } from '../identity.ts';
import type { SimulatedNode } from '../simulated-node.ts';

export interface SybilOptions {
  readonly count: number;
  /** /24 networks that they share; the attacker pays for these, not for keys. */
  readonly networks: number;
  /** Where their ids lie, and the leading bits they have in common with it; default: anywhere. */
  readonly near?: NodeId;
  readonly bits?: number;
  /** The lowest of the attacker's networks; attackers of one world must not share one. */
  readonly firstNetwork?: number;
}

/** First octet of attackers' addresses: public ones that no honest node of a simulation has. */
const ATTACKERS_OCTET = 130;
const PEERS_NAMED = 20;

/**
 * Nodes of one attacker, started: each answers what it is asked with the nearest of the others, has no value, and takes
 * every value to forget it.
 */
export async function addSybils(world: DhtWorld, options: SybilOptions): Promise<readonly SimulatedNode[]> {
  const peers: { readonly peer: PeerAddr; readonly id: NodeId }[] = [];
  const nearest = (target: NodeId): PeerAddr[] =>
    peers
      .toSorted((a, b) => compareDistance(target, a.id, b.id))
      .slice(0, PEERS_NAMED)
      .map(({ peer }) => peer);
  const script = ({ type, payload }: WireRequest): WireReply => {
    if (type === FIND_NODE) {
      const { targetNodeId } = decodeRequest(FIND_NODE, payload);
      return { payload: encodeReply(FIND_NODE, { peers: nearest(targetNodeId) }) };
    }
    if (type === FIND_VALUE) {
      const { key } = decodeRequest(FIND_VALUE, payload);
      return { payload: encodeReply(FIND_VALUE, { value: null, closerPeers: nearest(targetOf(key)) }) };
    }
    if (type === PEX_REQUEST)
      return { payload: encodeReply(PEX_REQUEST, { peers: peers.slice(0, 64).map(({ peer }) => peer) }) };
    return { payload: new Uint8Array() };
  };
  const nodes: SimulatedNode[] = [];
  for (let number = 0; number < options.count; number++) {
    const identity = sybilIdentity(world, number, options);
    const node = world.addScripted(script, identity);
    nodes.push(node);
    peers.push({ peer: peerAddrOf(identity), id: idOf(identity) });
    await node.start();
  }
  return nodes;
}

function sybilIdentity(world: DhtWorld, number: number, options: SybilOptions): NodeIdentity {
  const { networks, near, bits = 0, firstNetwork = 0 } = options;
  const index = world.nodes.length;
  const network = firstNetwork + (number % networks);
  const ip = Uint8Array.of(
    ATTACKERS_OCTET,
    network >> 8,
    network & 255,
    1 + (Math.floor(number / networks) % 250),
  );
  const { seed } = world.network.options;
  return identityOf(seed, index, {
    ip,
    port: 7001 + Math.floor(number / networks / 250),
    nodeKey: near === undefined ? keyOf(seed, index) : keyNear(near, bits, index),
  });
}

/** Tries keys until the id of one lies there: twice as many tries for every bit. */
function keyNear(target: NodeId, bits: number, index: number): Uint8Array {
  for (let attempt = 1; ; attempt++) {
    const key = keyOf(attempt, index + 1_000_000);
    if (bucketIndex(target, nodeIdOf(key)) >= bits) return key;
  }
}

export const idOf = ({ nodeId }: NodeIdentity): NodeId => new Uint8Array(Buffer.from(nodeId, 'hex'));

export function peerAddrOf({ address, nodeKey }: NodeIdentity): PeerAddr {
  const parsed = parseAddress(`${address}@${nodeKey}`);
  if (!parsed.ok) throw new TypeError(`${address} is no address`);
  return toPeerAddr(parsed.address)!;
}

/** The nodes whose ids are nearest to a place, nearest first. */
export const nearestNodes = (
  nodes: readonly SimulatedNode[],
  target: NodeId,
  count: number,
): SimulatedNode[] =>
  nodes
    .map((node) => ({ node, id: idOf(node.identity) }))
    .sort((a, b) => compareDistance(target, a.id, b.id))
    .slice(0, count)
    .map(({ node }) => node);
