import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap, type WorldEvent } from '../../src/supervisor/testing/event-heap.ts';
import { World } from '../../src/supervisor/testing/world.ts';

// The same cases in every run: a failure can be met again.
fc.configureGlobal({ seed: 20_250_101 });

const events = (at: readonly number[]): WorldEvent[] =>
  at.map((time, order) => ({ at: time, rank: 0.5, order, run: () => {} }));

test('events come in the order of their time, whatever was cancelled among them', () => {
  const times = fc.array(fc.nat(50), { minLength: 1, maxLength: 4_000 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 8 }), (at, keptOf) => {
      const heap = new EventHeap();
      const all = events(at);
      for (const event of all) heap.push(event);
      const kept = all.filter(({ order }) => order % keptOf === 0);
      for (const event of all) if (order(event) % keptOf !== 0) heap.cancel(event);
      const came = [];
      const alive = new Set(kept);
      for (let event = heap.pop(); event !== undefined; event = heap.pop())
        if (alive.has(event)) came.push(event);
      expect(came.map(order)).toEqual(kept.toSorted((a, b) => a.at - b.at || a.order - b.order).map(order));
    }),
    { numRuns: 60 },
  );
});

const order = ({ order }: WorldEvent): number => order;

test('cancelled ones do not stay until their turn', () => {
  const heap = new EventHeap();
  let most = 0;
  for (const event of events(Array.from({ length: 100_000 }, (_, n) => n))) {
    heap.push(event);
    heap.cancel(event);
    most = Math.max(most, heap.size);
  }
  expect(most).toBeLessThan(3_000);
});

test('a timer that was cancelled never comes, one that was not always', async () => {
  const world = new World(1);
  const came: number[] = [];
  for (let n = 0; n < 10_000; n++) {
    const cancel = world.after(1 + (n % 7), () => came.push(n));
    if (n % 3 !== 0) cancel();
  }
  expect(world.timers).toBe(3_334);
  await world.runFor(10);
  expect(came.length).toBe(3_334);
  expect(came.every((n) => n % 3 === 0)).toBe(true);
  expect(world.timers).toBe(0);
});
