import { beforeAll, expect, test, vi } from 'vitest';
import { syncContract } from '../../src/actors/sync/contract.ts';
import { churn } from '../../src/simulator/churn.ts';
import { type Behaviours, granaryNode, loadBehaviours } from '../../src/simulator/granary-nodes.ts';
import { identityOf } from '../../src/simulator/identity.ts';
import { SimulatedNetwork } from '../../src/simulator/network.ts';
import { revisionOf, shareKeyOf } from '../../src/simulator/share.ts';

// Worlds of minutes cost seconds of a quiet machine; time in them is no matter of the clock on the wall.
vi.setConfig({ testTimeout: 180_000 });

let behaviours: Behaviours;
beforeAll(async () => {
  behaviours = await loadBehaviours();
});

test('a new revision reaches subscribers one from the other, though the publisher sees few of them', async () => {
  const network = new SimulatedNetwork({ seed: 11, links: { loss: 0.02 } });
  const key = shareKeyOf(11, 0);
  const [first, second] = [1, 2].map((seq) => revisionOf(key, seq, 1_700_000_000 + seq));
  const { shareId, shareKey } = first!;
  const plans = Array.from({ length: 25 }, (_, index) =>
    granaryNode(identityOf(11, index, { reachable: index % 3 !== 2 }), behaviours, {
      dht: null,
      sync: { intervalSeconds: 30 },
    }),
  );
  const nodes = plans.map((plan) => network.add(plan));
  const at = (index: number) => `${plans[index]!.identity.address}@${plans[index]!.identity.nodeKey}`;
  plans[0]!.store.publish(first!);
  // Each knows the five before it: the publisher is known to the first ones alone.
  for (let i = 1; i < plans.length; i++) {
    const before = Array.from({ length: Math.min(i, 5) }, (_, back) => at(i - 1 - back));
    plans[i]!.store.subscribe(shareId, shareKey, before);
  }
  for (const node of nodes) await network.until(node.start(), 1_000);
  const stop = churn(network, nodes.slice(1), { upMs: 900_000, downMs: 20_000 });
  await network.runFor(1_800_000);
  plans[0]!.store.publish(second!);
  await network.runFor(1_800_000);
  stop();
  for (const node of nodes) await network.until(node.start(), 1_000);
  await network.runFor(300_000);
  for (const { store } of plans.slice(1)) expect(store.subscriptions.get(shareId)).toMatchObject({ seq: 2 });
  const health = await network.until(nodes[1]!.ref(syncContract).ask('health', null), 1_000);
  expect(health).toMatchObject([{ shareId, disagreement: null }]);
  expect(network.crashes).toEqual([]);
});
