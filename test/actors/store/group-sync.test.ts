import { expect, test } from 'vitest';
import { GroupSync, type LogDisk } from '../../../src/actors/store/group-sync.ts';

/** A disk whose trips end when they are told to. */
class SlowDisk implements LogDisk {
  readonly trips: { done(): void; fail(error: Error): void }[] = [];
  now = 0;

  sync(): Promise<void> {
    return new Promise((done, fail) => this.trips.push({ done, fail }));
  }

  syncNow(): void {
    this.now++;
  }

  close(): void {}
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

test('what came up during a trip goes with the next one, all of it', async () => {
  const disk = new SlowDisk();
  let trips = 0;
  const sync = new GroupSync(disk, () => trips++);
  const order: string[] = [];
  const write = (name: string) => {
    sync.wrote();
    void sync.settle().then(() => order.push(name));
  };
  expect(sync.owes).toBe(false);
  write('first');
  for (const name of ['second', 'third', 'fourth']) write(name);
  expect(disk.trips).toHaveLength(1);
  await soon();
  expect(order).toEqual([]);
  disk.trips[0]!.done();
  await soon();
  // The first trip began when only one was written.
  expect(order).toEqual(['first']);
  expect(sync.owes).toBe(true);
  expect(disk.trips).toHaveLength(2);
  disk.trips[1]!.done();
  await soon();
  expect(order).toEqual(['first', 'second', 'third', 'fourth']);
  expect([sync.owes, trips]).toEqual([false, 2]);
});

test('a trip on the spot settles for everybody before it', async () => {
  const disk = new SlowDisk();
  const sync = new GroupSync(disk);
  sync.wrote();
  sync.wrote();
  sync.settleNow();
  expect([disk.now, sync.owes]).toEqual([1, false]);
  await sync.settle();
  expect(disk.trips).toHaveLength(0);
});

test('a trip that fails is told to all that waited for it, and is owed', async () => {
  const disk = new SlowDisk();
  const sync = new GroupSync(disk);
  sync.wrote();
  const waits = [sync.settle(), sync.settle()];
  const told = Promise.allSettled(waits);
  disk.trips[0]!.fail(new Error('the disk is gone'));
  expect((await told).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(sync.owes).toBe(true);
  const again = sync.settle();
  disk.trips[1]!.done();
  await again;
  expect(sync.owes).toBe(false);
});
