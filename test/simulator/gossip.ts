import type { PeerTarget } from '../../src/actors/transport/contract.ts';
import { transportContract } from '../../src/actors/transport/contract.ts';
import type { WireReply, WireRequest } from '../../src/actors/wire-request.ts';
import { identityOf } from '../../src/simulator/identity.ts';
import type { SimulatedNetwork } from '../../src/simulator/network.ts';
import type { NodePlan, SimulatedNode } from '../../src/simulator/simulated-node.ts';
import { actorsOf } from '../../src/supervisor/contract/actor.ts';
import { sleep } from '../../src/supervisor/contract/clock.ts';
import { ask, configOf, defineContract, tell } from '../../src/supervisor/contract/contract.ts';

/** A behaviour of a few lines that does all a network lets it do: rumours go from node to node. */
export const gossipContract = defineContract({
  name: 'gossip',
  uses: ['transport'],
  config: configOf<{ peers: readonly PeerTarget[] }>(),
  messages: {
    wire: ask<WireRequest, WireReply>(),
    /** Tells it to every peer; how many took it. */
    spread: ask<{ rumour: number }, number>({ deadlineMs: 60_000 }),
    known: ask<null, readonly number[]>(),
    met: tell<{ nodeKey: string; direction: string; address: string; dialable: boolean }>(),
    lost: tell<{ address: string; reason: string }>(),
    events: ask<null, readonly string[]>(),
  },
});

const GOSSIP = 100;
const ACTOR = { gossip: gossipContract, transport: transportContract };

export const gossip = actorsOf<typeof ACTOR, 'transport'>()(
  gossipContract,
  ({ config, refs, clock, spawn, signal }) => {
    const known = new Set<number>();
    const events: string[] = [];
    const spread = async (rumour: number) => {
      const told = await Promise.allSettled(
        config.peers.map((peer) =>
          refs.transport
            .route(peer.address)
            .ask('request', { peer, type: GOSSIP, payload: Uint8Array.of(rumour) }),
        ),
      );
      return told.filter(({ status }) => status === 'fulfilled').length;
    };
    return {
      handlers: {
        wire({ payload }) {
          const rumour = payload[0]!;
          if (rumour === 13) return { error: 'nobody wants to hear that' };
          if (rumour === 66) throw new TypeError('a bug');
          if (!known.has(rumour)) {
            known.add(rumour);
            spawn(async () => {
              await sleep(clock, 10, signal);
              await spread(rumour);
            });
          }
          return { payload: new Uint8Array() };
        },
        spread: ({ rumour }) => spread(rumour),
        known: () => [...known],
        met: ({ direction, dialable }) => void events.push(`met ${direction} ${dialable}`),
        lost: ({ reason }) => void events.push(`lost ${reason}`),
        events: () => events,
      },
    };
  },
);

/** Nodes in a ring, each with its next ones as peers; `change` what is special about one. */
export function ring(
  network: SimulatedNetwork,
  count: number,
  {
    fanout = 2,
    change = () => ({}),
  }: { fanout?: number; change?(index: number): Partial<NodePlan> & { reachable?: boolean } } = {},
): readonly SimulatedNode[] {
  const { seed } = network.options;
  const identities = Array.from({ length: count }, (_, index) => {
    const { reachable } = change(index);
    return identityOf(seed, index, reachable === undefined ? {} : { reachable });
  });
  return identities.map((identity, index) => {
    const peers = Array.from({ length: fanout }, (_, hop) => {
      const { address, nodeKey } = identities[(index + hop + 1) % count]!;
      return { address, nodeKey };
    });
    return network.add({
      actors: () => ({ gossip: { module: gossip, config: { peers } } }),
      owners: new Map([[GOSSIP, 'gossip']]),
      ...change(index),
      identity,
    });
  });
}
