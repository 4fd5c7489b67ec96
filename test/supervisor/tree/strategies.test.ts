import { expect, test } from 'vitest';
import { VirtualTree } from './virtual-tree.ts';

const three = (strategy: 'one_for_one' | 'rest_for_one' | 'one_for_all') =>
  new VirtualTree((tree) =>
    tree.branch('root', strategy, [tree.actor('a'), tree.actor('b'), tree.actor('c')]),
  );

test('children start left to right and stop right to left', async () => {
  const tree = three('one_for_one');
  await tree.settle(tree.supervisor.start());
  expect(tree.takeStory()).toBe('+a +b +c');
  expect(await tree.settle(tree.supervisor.stop())).toMatchObject({ clean: true, cut: [] });
  expect(tree.takeStory()).toBe('-c -b -a');
});

test.each([
  ['one_for_one', '+b', ['b: crash']],
  ['rest_for_one', '-c +b +c', ['b: crash', 'c: with b']],
  ['one_for_all', '-c -a +a +b +c', ['b: crash', 'a: with b', 'c: with b']],
] as const)('%s: the death of the middle one', async (strategy, story, restarted) => {
  const tree = three(strategy);
  await tree.settle(tree.supervisor.start());
  tree.takeStory();
  tree.crash('b');
  expect(await tree.back()).toEqual(restarted);
  expect(tree.takeStory()).toBe(story);
  expect(['a', 'b', 'c'].map((id) => tree.state(id))).toEqual(['up', 'up', 'up']);
  await tree.settle(tree.supervisor.stop());
});

test('rest_for_one: a death further back during a restart is part of it', async () => {
  const tree = three('rest_for_one');
  await tree.settle(tree.supervisor.start());
  tree.takeStory();
  tree.crash('c');
  tree.crash('b');
  await tree.back();
  await tree.world.runFor(1_000);
  expect(tree.takeStory()).toBe('+b +c');
  // And the other way round, at the moment that the one behind is being started.
  tree.crash('c');
  await tree.world.runUntil(() => tree.state('c') === 'starting', 10_000);
  tree.crash('a');
  await tree.back();
  await tree.world.runFor(1_000);
  expect(['a', 'b', 'c'].map((id) => tree.state(id))).toEqual(['up', 'up', 'up']);
  expect(tree.takeStory()).toMatch(/-b \+a \+b \+c$/);
  await tree.settle(tree.supervisor.stop());
});

test('one_for_one: a child in its pauses does not delay another', async () => {
  const tree = new VirtualTree((tree) =>
    tree.branch('root', 'one_for_one', [tree.actor('a'), tree.actor('b')], {
      intensity: 20,
      periodMs: 60_000,
    }),
  );
  await tree.settle(tree.supervisor.start());
  tree.parts.a!.failStarts = 6;
  tree.crash('a');
  await tree.world.runUntil(() => tree.parts.a!.failStarts === 2, 30_000);
  tree.crash('b');
  expect(await tree.back()).toEqual(['b: crash']);
  expect(tree.state('a')).not.toBe('up');
  expect(await tree.back()).toEqual(['a: crash']);
  await tree.settle(tree.supervisor.stop());
});

test('a restart is counted before it is tried: failing starts use up the budget', async () => {
  const tree = three('one_for_one');
  await tree.settle(tree.supervisor.start());
  tree.parts.b!.failStarts = 100;
  tree.crash('b');
  await tree.world.runUntil(() => tree.gaveUp !== null, 60_000);
  expect(tree.gaveUp).toBe('b');
  expect(tree.parts.b!.failStarts).toBe(97);
  await tree.settle(tree.supervisor.stop());
});

test('a stop gets in between two attempts', async () => {
  const tree = new VirtualTree((tree) =>
    tree.branch('root', 'one_for_one', [tree.actor('a')], { intensity: 20, periodMs: 60_000 }),
  );
  await tree.settle(tree.supervisor.start());
  tree.parts.a!.failStarts = 100;
  tree.crash('a');
  await tree.world.runUntil(() => tree.parts.a!.failStarts === 93, 60_000);
  const before = tree.world.now();
  expect(await tree.settle(tree.supervisor.stop())).toMatchObject({ clean: true });
  expect(tree.world.now() - before).toBeLessThan(100);
  expect(tree.parts.a!.failStarts).toBe(93);
});

test('a stop during a start ends the start', async () => {
  const tree = three('one_for_one');
  tree.parts.b = { hangStart: true };
  const start = tree.supervisor.start();
  start.catch(() => {});
  await tree.world.runUntil(() => tree.state('b') === 'starting', 10_000);
  expect(await tree.settle(tree.supervisor.stop())).toMatchObject({ clean: true });
  await expect(start).rejects.toMatchObject({ code: 'E_START_FAILED' });
  expect(['a', 'b', 'c'].map((id) => tree.state(id))).toEqual(['down', 'down', 'idle']);
});

test('a death during the start of those that build on it is the failure of the start', async () => {
  const tree = three('rest_for_one');
  tree.parts.c = { hangStart: true };
  const start = tree.supervisor.start();
  start.catch(() => {});
  await tree.world.runUntil(() => tree.state('c') === 'starting', 10_000);
  const from = tree.world.now();
  tree.crash('a');
  await expect(tree.settle(start)).rejects.toMatchObject({
    code: 'E_START_FAILED',
    message: expect.stringContaining('a died') as string,
  });
  // At once, not when the other one's time is up.
  expect(tree.world.now() - from).toBeLessThan(500);
});

test('two that use each other and return at one time reach each other', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const tree = new VirtualTree(
      (tree) =>
        tree.branch('root', 'one_for_one', [
          tree.actor('a', { uses: ['b'] }),
          tree.actor('b', { uses: ['a'] }),
        ]),
      { seed },
    );
    await tree.settle(tree.supervisor.start());
    tree.crash('a');
    tree.crash('b');
    await tree.back(2);
    await tree.world.runFor(100);
    expect(tree.placement.channels.size).toBe(2);
    await tree.settle(tree.supervisor.stop());
  }
});

test('temporary children stay down, transient ones where they ended in order', async () => {
  const tree = new VirtualTree((tree) =>
    tree.branch('root', 'one_for_one', [
      tree.actor('once', { restart: 'temporary' }),
      tree.actor('job', { restart: 'transient' }),
      tree.actor('ever'),
    ]),
  );
  await tree.settle(tree.supervisor.start());
  tree.crash('once');
  tree.life('job').exit({ code: 0 });
  tree.life('ever').exit({ code: 0 });
  expect(await tree.back()).toEqual(['ever: exit']);
  await tree.world.runFor(5_000);
  expect(['once', 'job', 'ever'].map((id) => tree.state(id))).toEqual(['down', 'down', 'up']);
  await tree.settle(tree.supervisor.stop());
});

test('a transient child that crashed is restarted', async () => {
  const tree = new VirtualTree((tree) =>
    tree.branch('root', 'one_for_one', [tree.actor('job', { restart: 'transient' })]),
  );
  await tree.settle(tree.supervisor.start());
  tree.crash('job');
  expect(await tree.back()).toEqual(['job: crash']);
  await tree.settle(tree.supervisor.stop());
});

test('a start that takes too long is cut, with its cause', async () => {
  const tree = three('one_for_one');
  tree.parts.c = { hangStart: true };
  await expect(tree.settle(tree.supervisor.start())).rejects.toMatchObject({ code: 'E_START_FAILED' });
  expect(tree.supervisor.tree().children[2]).toMatchObject({
    actor: 'c',
    lastDeath: { cause: 'start-timeout' },
  });
  expect(tree.takeStory()).toBe('+a +b -b -a');
});
