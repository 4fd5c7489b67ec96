import { expect, test } from 'vitest';
import { Shards } from '../../../src/actors/acceptor/shards.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

test('connections go round while their handshakes are pending', () => {
  const shards = new Shards(new ManualClock(), () => 3);
  const picked = Array.from({ length: 7 }, () => {
    const shard = shards.pick()!;
    shards.given(shard);
    return shard;
  });
  expect(picked).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test('the one with the fewest sessions and handshakes is picked', () => {
  const shards = new Shards(new ManualClock(), () => 2);
  shards.given(0);
  shards.answered(0, 5);
  for (let i = 0; i < 5; i++) {
    expect(shards.pick()).toBe(1);
    shards.given(1);
  }
  expect(shards.pick()).toBe(0);
});

test('what a shard said of its sessions is forgotten after ten seconds: they end without a word', async () => {
  const clock = new ManualClock(1_000);
  const shards = new Shards(clock, () => 2);
  shards.given(0);
  shards.answered(0, 500);
  shards.given(1);
  shards.answered(1, 3);
  await clock.advance(9_999);
  expect(shards.pick()).toBe(1);
  shards.given(1);
  shards.answered(1, 4);
  await clock.advance(1);
  expect(shards.pick()).toBe(0);
  shards.given(0);
  shards.answered(0, 501);
  expect(shards.pick()).toBe(1);
});

test('sessions that ended count no more once the shard has said so', () => {
  const shards = new Shards(new ManualClock(), () => 2);
  shards.given(0);
  shards.answered(0, 5);
  expect(shards.occupied).toEqual([0]);
  shards.said(0, 1);
  shards.given(1);
  shards.answered(1, 2);
  expect(shards.occupied).toEqual([0, 1]);
  expect(shards.pick()).toBe(0);
  shards.said(0, 0);
  expect(shards.occupied).toEqual([1]);
});

test('nobody asks a shard that was taken away', () => {
  let size = 2;
  const shards = new Shards(new ManualClock(), () => size);
  for (const shard of [0, 1]) {
    shards.given(shard);
    shards.answered(shard, 3);
  }
  expect(shards.occupied).toEqual([0, 1]);
  size = 1;
  expect(shards.occupied).toEqual([0]);
  expect(shards.sessions).toBe(3);
});

test('a shard that did not answer rests, and when all rest nobody is picked', async () => {
  const clock = new ManualClock(1_000);
  const shards = new Shards(clock, () => 2);
  shards.given(0);
  shards.answered(0, null);
  expect([shards.pick(), shards.pick()]).toEqual([1, 1]);
  shards.given(1);
  shards.answered(1, null);
  expect(shards.pick()).toBeNull();
  await clock.advance(100);
  expect(shards.pick()).toBe(0);
});
