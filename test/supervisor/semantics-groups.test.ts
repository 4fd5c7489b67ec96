import { expect, test } from 'vitest';
import type { AskSpec, Contract } from '../../src/supervisor/contract/contract.ts';
import { VirtualTree } from './tree/virtual-tree.ts';

/** One shard and somebody who uses it. */
const grouped = (members = 1) =>
  new VirtualTree((tree) =>
    tree.branch('root', 'rest_for_one', [
      tree.branch('network', 'rest_for_one', [tree.actor('shard', { members })]),
      tree.actor('user', { uses: ['shard'] }),
    ]),
  );

async function started(members = 1): Promise<VirtualTree> {
  const tree = grouped(members);
  await tree.settle(tree.supervisor.start());
  tree.takeStory();
  return tree;
}

/** Asks an actor of the tree something by its name. */
function ask(
  tree: VirtualTree,
  name: string,
  message: string,
  request: unknown,
  member = 0,
): Promise<unknown> {
  const ref = tree.supervisor.ref(tree.contract(name) as Contract<string, Asked>, member);
  return tree.settle(ref.ask(message, request));
}

type Asked = Record<string, AskSpec<unknown, unknown>>;

const reached = (tree: VirtualTree) => ask(tree, 'user', 'reach', { name: 'shard' });

test('S43. A group that grows calls a new member only once it is up.', async () => {
  const tree = await started();
  Object.assign(tree.parts.shard!, { slowMs: 200 });
  const growing = tree.supervisor.resize('shard', 3);
  await tree.world.runFor(100);
  expect(await reached(tree)).toEqual([0]);
  await tree.settle(growing);
  // What tells the user is under way.
  await tree.world.runFor(10);
  expect(tree.supervisor.size('shard')).toBe(3);
  expect(await reached(tree)).toEqual([0, 1, 2]);
  expect(tree.takeStory()).toBe('+shard/1 +shard/2');
});

test('S44. A member that is not wanted any more is called no longer, finishes what it has begun, and ends.', async () => {
  const tree = await started(3);
  Object.assign(tree.parts.shard!, { retiresInMs: 1_000 });
  const work = ask(tree, 'shard', 'work', { ms: 2_000 }, 2);
  await tree.world.runFor(50);
  const shrinking = tree.settle(tree.supervisor.resize('shard', 1));
  await shrinking;
  expect(await reached(tree)).toEqual([0]);
  expect([tree.state('shard/1'), tree.state('shard/2')]).toEqual(['up', 'up']);
  await tree.world.runFor(1_200);
  // The one with a call under way goes on until that is answered.
  expect([tree.state('shard/1'), tree.state('shard/2')]).toEqual(['down', 'up']);
  expect(await work).toBe('done');
  await tree.settle(tree.supervisor.retired('shard'));
  expect(tree.state('shard/2')).toBe('down');
  expect(tree.takeStory()).toBe('-shard/1 -shard/2');
  expect(tree.restarted).toEqual([]);
});

test('a member that does not come to an end is stopped when its time is over', async () => {
  const tree = await started(2);
  Object.assign(tree.parts.shard!, { retiresInMs: 100_000 });
  await tree.settle(tree.supervisor.resize('shard', 1));
  await tree.world.runFor(4_500);
  expect(tree.state('shard/1')).toBe('up');
  await tree.world.runFor(1_000);
  expect(tree.state('shard/1')).toBe('down');
});

test('S45. A member that retires is not restarted.', async () => {
  const tree = await started(3);
  Object.assign(tree.parts.shard!, { retiresInMs: 4_000 });
  // Three deaths: the next restart waits.
  for (let death = 0; death < 2; death++) {
    tree.crash('shard/1');
    await tree.back();
  }
  tree.crash('shard/1');
  await tree.world.runFor(20);
  await tree.settle(tree.supervisor.resize('shard', 1));
  tree.crash('shard/2');
  await tree.settle(tree.supervisor.retired('shard'));
  await tree.world.runFor(20_000);
  expect([tree.state('shard/1'), tree.state('shard/2')]).toEqual(['down', 'down']);
  expect(tree.placement.lives.size).toBe(2);
});

test('a member that comes back waits for the end of the one that retires in its place', async () => {
  const tree = await started(2);
  Object.assign(tree.parts.shard!, { retiresInMs: 1_000 });
  await tree.settle(tree.supervisor.resize('shard', 1));
  const from = tree.world.now();
  await tree.settle(tree.supervisor.resize('shard', 2));
  expect(tree.world.now() - from).toBeGreaterThan(900);
  expect(await reached(tree)).toEqual([0, 1]);
  tree.crash('shard/1');
  expect(await tree.back()).toEqual(['shard/1: crash']);
  expect(await reached(tree)).toEqual([0, 1]);
});

test('S46. A new member that does not start is not in the group.', async () => {
  const tree = await started();
  Object.assign(tree.parts.shard!, { failStarts: 1 });
  await expect(tree.settle(tree.supervisor.resize('shard', 3))).rejects.toThrow('does not start');
  expect(tree.supervisor.size('shard')).toBe(1);
  expect(await reached(tree)).toEqual([0]);
  await tree.settle(tree.supervisor.resize('shard', 2));
  expect(await reached(tree)).toEqual([0, 1]);
});

test('S47. The size of a group outlives every death.', async () => {
  const tree = await started();
  await tree.settle(tree.supervisor.resize('shard', 3));
  tree.crash('user');
  await tree.back();
  expect(await reached(tree)).toEqual([0, 1, 2]);
  // One death too many within 30 s: the group gives up and is started anew.
  for (let death = 0; death < 6; death++) {
    await tree.world.runUntil(() => tree.state('shard/2') === 'up', 30_000);
    tree.crash('shard/2');
    await tree.world.runFor(50);
  }
  await tree.world.runFor(10_000);
  expect(await reached(tree)).toEqual([0, 1, 2]);
});

test('a stop in the middle leaves nothing', async () => {
  for (const [from, to] of [
    [1, 3],
    [3, 1],
  ] as const) {
    const tree = await started(from);
    Object.assign(tree.parts.shard!, { retiresInMs: 4_000, slowMs: 500 });
    const resized = tree.supervisor.resize('shard', to).catch((error: Error) => error.message);
    await tree.world.runFor(200);
    const report = await tree.settle(tree.supervisor.stop());
    expect(report.clean).toBe(true);
    await tree.settle(resized);
    await tree.world.runFor(20_000);
    expect(tree.placement.lives.size).toBe(0);
    expect(tree.world.timers).toBe(0);
  }
});

test('a group has one member at least, and 64 at most', async () => {
  const tree = await started();
  for (const size of [0, 65, 1.5, -1]) {
    await expect(tree.supervisor.resize('shard', size)).rejects.toThrow('1 to 64 members');
  }
  await expect(tree.supervisor.resize('user', 2)).rejects.toThrow('no sharded actor');
});
