import { expect, test } from 'vitest';
import { LeaseChanges } from '../../../src/actors/store/lease-changes.ts';

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `id ${from + i}`);

test('a burst comes in pieces, all of it, in order', async () => {
  const changes = new LeaseChanges();
  const stop = new AbortController();
  const stream = changes.listen(stop.signal);
  changes.announce(ids(2500));
  const seen: string[] = [];
  while (seen.length < 2500) {
    const { contentIds } = (await stream.next()).value!;
    expect(contentIds.length).toBeLessThanOrEqual(1000);
    seen.push(...contentIds);
  }
  expect(seen).toEqual(ids(2500));
  stop.abort();
});

test('a listener that does not read is let go: it has to give up every lease', async () => {
  const changes = new LeaseChanges();
  const { signal } = new AbortController();
  const slow = changes.listen(signal);
  const quick = changes.listen(signal);
  const first = quick.next();
  changes.announce(ids(60_000));
  expect((await first).value!.contentIds).toHaveLength(1000);
  changes.announce(ids(60_000, 60_000));
  await expect(slow.next()).rejects.toMatchObject({ code: 'E_BUSY' });
  expect((await slow.next()).done).toBe(true);
});

test('nothing is kept for a listener that left or was let go', async () => {
  const changes = new LeaseChanges();
  const stop = new AbortController();
  const [left, stopped, slow] = [0, 1, 2].map(() => changes.listen(stop.signal));
  changes.announce(['a']);
  for (const stream of [left, stopped]) await stream!.next();
  expect(changes.listeners).toBe(3);
  await left!.return();
  expect(changes.listeners).toBe(2);
  changes.announce(ids(100_001));
  await expect(slow!.next()).rejects.toMatchObject({ code: 'E_BUSY' });
  await expect(stopped!.next()).rejects.toMatchObject({ code: 'E_BUSY' });
  expect(changes.listeners).toBe(0);
  const last = changes.listen(stop.signal);
  const ended = last.next();
  stop.abort();
  await ended;
  expect(changes.listeners).toBe(0);
});
