import { expect, test } from 'vitest';
import type { Clock } from '../../../src/supervisor/contract/clock.ts';
import { metricsMemory } from '../../../src/supervisor/memory/metrics-page.ts';
import type { Child } from '../../../src/supervisor/tree/child.ts';
import { Health } from '../../../src/supervisor/tree/health.ts';
import { MemoryWatch } from '../../../src/supervisor/tree/memory-watch.ts';
import { VirtualTree } from './virtual-tree.ts';

const two = () =>
  new VirtualTree((tree) =>
    tree.branch('root', 'one_for_one', [tree.actor('a', { uses: ['b'] }), tree.actor('b')]),
  );
const healthOf = (tree: VirtualTree, index: number) =>
  (tree.supervisor.tree().children[index] as { health: string }).health;

test('a loop that does not turn is busy, then hung, then cut and replaced', async () => {
  const tree = two();
  await tree.settle(tree.supervisor.start());
  await tree.world.runFor(1_000);
  tree.life('a').hang();
  const from = tree.world.now();
  await tree.world.runUntil(() => healthOf(tree, 0) === 'busy', 10_000);
  expect(tree.world.now() - from).toBeLessThan(2_600);
  expect(tree.state('a')).toBe('up');
  expect(await tree.back()).toEqual(['a: hung']);
  // The contract's limit is three seconds; heartbeats and rounds are half a second apart.
  expect(tree.world.now() - from).toBeGreaterThan(2_500);
  expect(tree.world.now() - from).toBeLessThan(4_600);
  expect(healthOf(tree, 0)).toBe('healthy');
  expect(tree.state('b')).toBe('up');
  await tree.settle(tree.supervisor.stop());
});

test('a machine that slept restarts nothing', async () => {
  const tree = two();
  await tree.settle(tree.supervisor.start());
  await tree.world.runFor(1_300);
  for (const ms of [1_500, 30_000, 3_600_000]) {
    tree.world.suspend(ms);
    await tree.world.runFor(5_000);
  }
  expect(tree.restarted).toEqual([]);
  expect(healthOf(tree, 0)).toBe('healthy');
  // And it goes on watching.
  tree.life('b').hang();
  expect(await tree.back()).toEqual(['b: hung']);
  await tree.settle(tree.supervisor.stop());
});

test('not even those that were at work when it went to sleep', async () => {
  // Whichever comes first afterwards, the heartbeat or the round that looks for it.
  for (let phase = 0; phase < 500; phase += 20) {
    const tree = two();
    await tree.settle(tree.supervisor.start());
    await tree.world.runFor(1_000 + phase);
    for (const id of ['a', 'b']) tree.life(id).loop = () => ({ idle: 0, active: tree.world.now() });
    tree.world.suspend(60_000);
    for (const id of ['a', 'b']) tree.life(id).doze(50);
    await tree.world.runFor(3_000);
    expect(tree.restarted).toEqual([]);
    await tree.settle(tree.supervisor.stop());
  }
});

test('a round that comes late judges nobody, whatever it finds', () => {
  let now = 0;
  let round = () => {};
  const clock: Clock = {
    now: () => now,
    wall: () => now,
    after: (_, callback) => {
      round = callback;
      return () => {};
    },
  };
  const cuts: string[] = [];
  const child = {
    state: 'up',
    health: 'healthy',
    epoch: 1,
    metrics: metricsMemory([]),
    spec: { contract: { hungMs: 3_000 } },
    // At work all the time, without a beat.
    loop: () => ({ idle: 0, active: now }),
    terminate: (reason: string) => cuts.push(reason),
  };
  const at = (time: number) => {
    now = time;
    round();
  };
  new Health(() => [child as unknown as Child], clock, []).start();
  at(500);
  at(1_000);
  at(61_000);
  at(61_500);
  expect([child.health, cuts]).toEqual(['healthy', []]);
  // From there on it counts anew.
  for (let time = 62_000; time < 64_000; time += 500) at(time);
  expect([child.health, cuts]).toEqual(['busy', []]);
  at(64_000);
  expect(cuts).toEqual(['hung']);
});

test('a machine that sleeps during a start or a stop uses up the time of neither', async () => {
  const tree = two();
  for (const id of ['a', 'b']) tree.parts[id] = { slowMs: 400 };
  const start = tree.supervisor.start();
  await tree.world.runFor(300);
  tree.world.suspend(3_600_000);
  await tree.settle(start);
  const stop = tree.supervisor.stop();
  await tree.world.runFor(200);
  tree.world.suspend(3_600_000);
  expect(await tree.settle(stop)).toMatchObject({ clean: true, cut: [] });
});

test('a stale heartbeat of a loop that does not work is no reason to cut: the thread gets no processor', async () => {
  const tree = two();
  await tree.settle(tree.supervisor.start());
  const life = tree.life('a');
  life.hang();
  life.loop = () => ({ idle: tree.world.now(), active: 0 });
  await tree.world.runFor(20_000);
  expect(tree.restarted).toEqual([]);
  await tree.settle(tree.supervisor.stop());
});

test('a link that breaks between two lives is made anew', async () => {
  const tree = two();
  await tree.settle(tree.supervisor.start());
  for (const channel of [...tree.placement.channels]) channel.close();
  await tree.world.runFor(1_000);
  expect(tree.restarted).toEqual([]);
  // One from a to b: the only one of this tree.
  expect(tree.placement.channels.size).toBe(1);
  await tree.settle(tree.supervisor.stop());
  expect(tree.placement.channels.size).toBe(0);
});

test('memory pressure: load is shed first, the largest actor is cut only when that did not help', async () => {
  let rss = 100;
  const sent: string[] = [];
  const cut: string[] = [];
  let now = 0;
  const child = (id: string, size: number) => ({
    id,
    state: 'up',
    send: ({ level }: { level: string }) => sent.push(`${id}: ${level}`),
    memory: async () => size,
    terminate: (reason: string) => cut.push(`${id}: ${reason}`),
  });
  const children = [child('a', 10), child('b', 50), child('c', 20)] as never;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const limits = { shedBytes: 1_000, cutBytes: 2_000, patienceMs: 5_000 };
  const watch = new MemoryWatch(
    () => children,
    limits,
    log,
    () => now,
    () => rss,
  );
  const at = async (bytes: number, ms: number) => {
    rss = bytes;
    now = ms;
    watch.look();
    await null;
    await null;
    await null;
    return [sent.splice(0), cut.splice(0)];
  };
  expect(await at(999, 0)).toEqual([[], []]);
  expect(await at(1_001, 500)).toEqual([['a: high', 'b: high', 'c: high'], []]);
  expect(await at(950, 1_000)).toEqual([[], []]);
  expect(await at(2_500, 2_000)).toEqual([[], []]);
  expect(await at(2_500, 6_900)).toEqual([[], []]);
  expect(await at(2_500, 7_000)).toEqual([[], ['b: memory']]);
  // The next one has its time to take effect.
  expect(await at(2_500, 7_500)).toEqual([[], []]);
  expect(await at(899, 8_000)).toEqual([['a: normal', 'b: normal', 'c: normal'], []]);
});

test('behaviours hear of pressure, also those that come up under it', async () => {
  const rss = process.memoryUsage.rss();
  const tree = new VirtualTree(
    (tree) => tree.branch('root', 'one_for_one', [tree.actor('a'), tree.actor('b')]),
    { memory: { shedBytes: rss / 10, cutBytes: rss * 100, patienceMs: 1_000 } },
  );
  await tree.settle(tree.supervisor.start());
  await tree.world.runFor(1_000);
  expect(tree.pressed).toEqual(['a: high', 'b: high']);
  tree.crash('a');
  await tree.back();
  await tree.world.runFor(100);
  expect(tree.pressed).toEqual(['a: high', 'b: high', 'a: high']);
  await tree.settle(tree.supervisor.stop());
});
