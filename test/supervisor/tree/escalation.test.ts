import { expect, test } from 'vitest';
import { VirtualTree } from './virtual-tree.ts';

/** As the node's: storage in front, a sharded actor behind one ref, a part that uses it. */
const node = () =>
  new VirtualTree((tree) =>
    tree.branch('root', 'rest_for_one', [
      tree.branch('storage', 'rest_for_one', [tree.actor('store')], { intensity: 2, periodMs: 10_000 }),
      tree.branch('network', 'rest_for_one', [
        tree.actor('shard', { members: 2, limits: { intensity: 2, periodMs: 10_000 } }),
        tree.actor('acceptor', { uses: ['shard'] }),
      ]),
      tree.branch('catalog', 'one_for_one', [
        tree.actor('sync', { uses: ['store', 'shard'] }),
        tree.actor('search'),
      ]),
    ]),
  );

async function crashTimes(tree: VirtualTree, id: string, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await tree.world.runUntil(() => tree.state(id) === 'up', 30_000);
    tree.crash(id);
    await tree.world.runUntil(() => tree.state(id) !== 'up', 30_000);
  }
}

test('a shard’s death costs its own', async () => {
  const tree = node();
  await tree.settle(tree.supervisor.start());
  tree.takeStory();
  tree.crash('shard/1');
  expect(await tree.back()).toEqual(['shard/1: crash']);
  expect(tree.takeStory()).toBe('+shard/1');
  await tree.settle(tree.supervisor.stop());
});

test('a supervisor whose children die too often dies of it, and its own supervisor counts one', async () => {
  const tree = node();
  await tree.settle(tree.supervisor.start());
  tree.takeStory();
  await crashTimes(tree, 'shard/1', 3);
  expect(await tree.back()).toEqual(['shard/0: with shard/1', 'shard/1: crash', 'acceptor: with shard/1']);
  // The shards' supervisor stopped its other child, `network` restarted what follows it, nobody else noticed.
  expect(tree.takeStory()).toBe('+shard/1 +shard/1 -shard/0 -acceptor +shard/0 +shard/1 +acceptor');
  expect(tree.supervisor.tree().children[1]).toMatchObject({ name: 'network', recent: 1 });
  expect(tree.supervisor.tree().children[1]).toMatchObject({
    children: [{ name: 'shard/*', recent: 0 }, {}],
  });
  await tree.settle(tree.supervisor.stop());
});

test('the store’s supervisor takes everything with it that was started on the strength of the store', async () => {
  const tree = node();
  await tree.settle(tree.supervisor.start());
  tree.takeStory();
  await crashTimes(tree, 'store', 3);
  expect(await tree.back()).toEqual([
    'store: crash',
    'shard/0: with store',
    'shard/1: with store',
    'acceptor: with store',
    'sync: with store',
    'search: with store',
  ]);
  expect(tree.takeStory()).toBe(
    '+store +store -search -sync -acceptor -shard/1 -shard/0 +store +shard/0 +shard/1 +acceptor +sync +search',
  );
  // Every link is bound again.
  expect(tree.supervisor.status().every(({ state }) => state === 'up')).toBe(true);
  await tree.settle(tree.supervisor.stop());
});

test('the root’s budget exceeded is the orderly end of the tree', async () => {
  const tree = node();
  await tree.settle(tree.supervisor.start());
  tree.parts.store!.failStarts = 1_000;
  tree.crash('store');
  await tree.world.runUntil(() => tree.gaveUp !== null, 120_000);
  expect(tree.gaveUp).toBe('store');
  tree.takeStory();
  expect(await tree.settle(tree.supervisor.stop())).toMatchObject({ clean: true, cut: [] });
  expect(tree.supervisor.status().every(({ state }) => state === 'down')).toBe(true);
});

test('the first restart is at once, the next ones after pauses that grow and are no two the same', async () => {
  const tree = new VirtualTree((tree) =>
    tree.branch('root', 'one_for_one', [tree.actor('a')], { intensity: 50, periodMs: 60_000 }),
  );
  await tree.settle(tree.supervisor.start());
  tree.parts.a!.failStarts = 9;
  const tries: number[] = [];
  tree.crash('a');
  for (let left = 9; left > 0; left--) {
    await tree.world.runUntil(() => tree.parts.a!.failStarts! < left, 30_000);
    tries.push(tree.world.now());
  }
  const pauses = tries.slice(1).map((at, index) => at - tries[index]!);
  const floors = [100, 200, 400, 800, 1600, 3200, 5000, 5000];
  for (const [index, floor] of floors.entries()) {
    expect(pauses[index]).toBeGreaterThanOrEqual(floor);
    // A quarter of jitter, and the time a life takes to begin and to end.
    expect(pauses[index]).toBeLessThan(floor * 1.25 + 60);
  }
  await tree.settle(tree.supervisor.stop());
});
