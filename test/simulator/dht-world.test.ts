import { beforeAll, expect, test, vi } from 'vitest';
import { churn, kill } from '../../src/simulator/churn.ts';
import { lookUpValues, storeValues } from '../../src/simulator/dht-measure.ts';
import { DhtWorld } from '../../src/simulator/dht-world.ts';
import { type Behaviours, loadBehaviours } from '../../src/simulator/granary-nodes.ts';

// Worlds of minutes cost seconds of a quiet machine; time in them is no matter of the clock on the wall.
vi.setConfig({ testTimeout: 180_000 });

let behaviours: Behaviours;
beforeAll(async () => {
  behaviours = await loadBehaviours();
});

const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1]!;

test('with a fifth of 120 nodes gone, lookups find what is there in few rounds', async () => {
  const world = await DhtWorld.join({ seed: 1, nodes: 120 }, behaviours);
  const { values, replicas } = await storeValues(world, 20);
  expect(replicas).toBeGreaterThan(18);
  kill(world.network, world.nodes, 0.2);
  const { lookups, found, rounds, messages } = await lookUpValues(world, values, 100);
  expect(lookups).toBe(100);
  expect(found).toBe(100);
  expect(median(rounds)).toBeLessThanOrEqual(4);
  expect(median(messages)).toBeGreaterThanOrEqual(1);
  world.network.throwCrash();
});

test('nodes behind a NAT, losses and churn: lookups of those that are there still find most', async () => {
  const world = await DhtWorld.join({ seed: 2, nodes: 100, nat: 0.3, links: { loss: 0.02 } }, behaviours);
  const { values } = await storeValues(world, 20);
  const stop = churn(world.network, world.nodes.slice(8), { upMs: 600_000, downMs: 60_000 });
  await world.network.runFor(300_000);
  stop();
  const { lookups, found } = await lookUpValues(world, values, 100);
  expect(found / lookups).toBeGreaterThan(0.9);
  world.network.throwCrash();
});

test('the digest of a world is that of its seed', async () => {
  const digest = async (seed: number) => {
    const world = await DhtWorld.join(
      { seed, nodes: 40, links: { loss: 0.05 }, settleMs: 10_000 },
      behaviours,
    );
    kill(world.network, world.nodes, 0.2);
    const { values } = await storeValues(world, 5);
    await lookUpValues(world, values, 20);
    return world.network.trace.digest;
  };
  const [first, again, other] = [await digest(3), await digest(3), await digest(4)];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('with the real exchange of peers newcomers come into the routing tables of those they did not dial first', async () => {
  const world = await DhtWorld.join(
    { seed: 5, nodes: 60, joinMs: 500, settleMs: 300_000, pex: { outbound: 4 } },
    behaviours,
  );
  const { mean, least } = await world.tableSizes();
  expect(mean).toBeGreaterThan(25);
  expect(least).toBeGreaterThan(15);
  const { values } = await storeValues(world, 10);
  kill(world.network, world.nodes, 0.2);
  const { lookups, found } = await lookUpValues(world, values, 48);
  expect(found).toBe(lookups);
  world.network.throwCrash();
});
