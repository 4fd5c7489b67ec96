import { Random } from '../supervisor/testing/random.ts';
import type { SimulatedNetwork } from './network.ts';
import type { SimulatedNode } from './simulated-node.ts';

export interface ChurnOptions {
  /** Mean time a node is there, milliseconds. */
  readonly upMs: number;
  /** Mean time it is away. */
  readonly downMs: number;
}

/**
 * Nodes that come and go, each by itself, for times that are distributed exponentially, until stopped. A node that is
 * back begins with nothing. Returns what stops it; who is away then stays away.
 */
export function churn(
  network: SimulatedNetwork,
  nodes: readonly SimulatedNode[],
  { upMs, downMs }: ChurnOptions,
): () => void {
  const random = new Random(network.options.seed ^ 0xc4_0171);
  const cancels = new Map<SimulatedNode, () => void>();
  const lasts = (meanMs: number) => -Math.log(1 - random.next()) * meanMs;
  const plan = (node: SimulatedNode) => {
    cancels.set(
      node,
      network.world.after(lasts(node.up ? upMs : downMs), () => {
        if (node.up) node.stop();
        else void node.start();
        plan(node);
      }),
    );
  };
  for (const node of nodes) plan(node);
  return () => {
    for (const cancel of cancels.values()) cancel();
    cancels.clear();
  };
}

/** So many of the nodes, chosen by the seed, go at once and do not come back. Returns them. */
export function kill(
  network: SimulatedNetwork,
  nodes: readonly SimulatedNode[],
  share: number,
): readonly SimulatedNode[] {
  const random = new Random(network.options.seed ^ 0xdead);
  const order = nodes.map((node) => ({ node, at: random.next() })).sort((a, b) => a.at - b.at);
  const gone = order.slice(0, Math.round(nodes.length * share)).map(({ node }) => node);
  for (const node of gone) node.stop();
  return gone;
}
