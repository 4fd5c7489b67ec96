import { expect, test, vi } from 'vitest';
import { loadBehaviours } from '../../src/simulator/granary-nodes.ts';
import { propagate } from '../../src/simulator/propagation.ts';

// Worlds of minutes cost seconds of a quiet machine; time in them is no matter of the clock on the wall.
vi.setConfig({ testTimeout: 180_000 });

test('a new revision gets round within two intervals, though subscribers come and go', async () => {
  const { network, subscribers, tookMs } = await propagate(
    {
      ...{ seed: 1, nodes: 40, nat: 0.3, intervalSeconds: 60, watchMs: 300_000 },
      churn: { upMs: 600_000, downMs: 30_000 },
    },
    await loadBehaviours(),
  );
  expect(network.crashes).toEqual([]);
  expect(tookMs.length).toBe(subscribers);
  expect(tookMs[subscribers >> 1]!).toBeLessThan(60_000);
  expect(tookMs[Math.floor(subscribers * 0.95)]!).toBeLessThan(120_000);
});
