import { describe, expect, test } from 'vitest';
import { capSet } from '../../../src/actors/cap-set.ts';
import type { Cap } from '../../../src/actors/limits/contract.ts';
import { ShardCaps } from '../../../src/actors/transport/shard-caps.ts';
import { type Sender, UploadLine } from '../../../src/actors/transport/upload-line.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const FRAME = 262_244;

const cap = (rate: number, scope: Cap['scope'] = 'global', ids: string[] = []): Cap => ({
  name: scope,
  scope,
  ids,
  direction: 'up',
  rate,
});

/** Lines of several shards under one set of caps, with peers that always want more. */
class Shards {
  readonly clock = new ManualClock(1_000_000);
  readonly caps: ShardCaps[];
  readonly lines: UploadLine[];
  readonly sent = new Map<string, number>();
  longest = 0;

  constructor(count: number, ...caps: Cap[]) {
    this.caps = Array.from({ length: count }, (_, shard) => new ShardCaps(this.clock, shard));
    this.lines = this.caps.map((each) => new UploadLine(each, this.clock));
    this.use(...caps);
  }

  use(...caps: Cap[]): void {
    const set = capSet(caps, this.clock.now(), false);
    for (const each of this.caps) each.use(set);
  }

  /** A session that sends chunk after chunk, `chunks` of them. */
  send(nodeKey: string, shard = 0, shareIds: string[] = [], chunks = Number.POSITIVE_INFINITY): void {
    const line = this.lines[shard]!;
    let left = FRAME;
    let rest = chunks;
    const sender: Sender = {
      nodeKey,
      shareIds,
      get left() {
        return left;
      },
      send: (octets) => {
        left -= octets;
        this.longest = Math.max(this.longest, octets);
        this.sent.set(nodeKey, (this.sent.get(nodeKey) ?? 0) + octets);
        if (left > 0 || --rest === 0) return;
        left = FRAME;
        line.add(sender);
      },
    };
    line.add(sender);
  }

  of(nodeKey: string): number {
    return this.sent.get(nodeKey) ?? 0;
  }

  get total(): number {
    return [...this.sent.values()].reduce((sum, octets) => sum + octets, 0);
  }
}

describe('the cap holds within 2 % over 30 s', () => {
  test.each([
    [64 * KiB, 1],
    [64 * KiB, 2],
    [MiB, 2],
    [50 * MiB, 1],
    [50 * MiB, 2],
    [1024 * MiB, 1],
    [1024 * MiB, 2],
  ])('%d bytes a second on %d shards', async (rate, count) => {
    const shards = new Shards(count, cap(rate));
    for (let shard = 0; shard < count; shard++) shards.send(`peer ${shard}`, shard);
    await shards.clock.advance(30_000);
    expect(shards.total / (30 * rate)).toBeGreaterThan(0.98);
    expect(shards.total / (30 * rate)).toBeLessThan(1.02);
    expect(shards.longest).toBeLessThanOrEqual(Math.max(rate / 20, KiB));
  });
});

test('peers get the same, however many sessions they have, and none waits long for its turn', async () => {
  const shards = new Shards(1, cap(256 * KiB));
  for (let session = 0; session < 8; session++) shards.send('greedy');
  for (let peer = 0; peer < 3; peer++) shards.send(`peer ${peer}`);
  await shards.clock.advance(2_000);
  // Within two seconds everybody had something.
  for (const name of ['greedy', 'peer 0', 'peer 1', 'peer 2'])
    expect(shards.of(name)).toBeGreaterThan(50 * KiB);
  await shards.clock.advance(28_000);
  const fair = shards.total / 4;
  for (const name of ['greedy', 'peer 0', 'peer 1', 'peer 2']) {
    expect(shards.of(name) / fair).toBeGreaterThan(0.95);
    expect(shards.of(name) / fair).toBeLessThan(1.05);
  }
});

test('peers of different shards get the same', async () => {
  const shards = new Shards(2, cap(MiB));
  shards.send('alone', 0);
  for (let peer = 0; peer < 3; peer++) shards.send(`peer ${peer}`, 1);
  await shards.clock.advance(30_000);
  for (const name of shards.sent.keys()) {
    expect(shards.of(name) / (shards.total / 4)).toBeGreaterThan(0.8);
    expect(shards.of(name) / (shards.total / 4)).toBeLessThan(1.2);
  }
  expect(shards.total / (30 * MiB)).toBeGreaterThan(0.98);
});

test('whoever is under a narrower cap keeps to it, and leaves the rest to the others', async () => {
  const slow = cap(100 * KiB, 'peer', ['slow']);
  const share = cap(200 * KiB, 'share', ['music', 'volume']);
  const shards = new Shards(2, cap(MiB), slow, share);
  shards.send('slow', 0);
  shards.send('listener', 0, ['music']);
  shards.send('other listener', 1, ['films', 'volume']);
  shards.send('free', 1, ['films']);
  await shards.clock.advance(30_000);
  const rate = (octets: number) => octets / 30 / KiB;
  expect(rate(shards.of('slow'))).toBeCloseTo(100, -1);
  expect(rate(shards.of('listener') + shards.of('other listener'))).toBeCloseTo(200, -1);
  expect(rate(shards.of('free'))).toBeGreaterThan(700);
  expect(rate(shards.total)).toBeLessThan(1024 * 1.02);
});

test('another set is in force at once, for what waits as well', async () => {
  const shards = new Shards(1, cap(2 * KiB));
  shards.send('peer', 0, [], 4);
  await shards.clock.advance(5_000);
  expect(shards.total).toBeLessThan(12 * KiB);
  shards.use(cap(0));
  const before = shards.total;
  await shards.clock.advance(60_000);
  expect(shards.total).toBe(before);
  shards.use(cap(MiB));
  await shards.clock.advance(1_100);
  expect(shards.total).toBe(4 * FRAME);
  shards.send('peer', 0, [], 4);
  shards.use();
  expect(shards.total).toBe(8 * FRAME);
});

test('what a cap leaves for one more is shared out over all shards', async () => {
  const shards = new Shards(2, cap(400 * KiB), cap(120 * KiB, 'peer', ['a']));
  const [here, there] = shards.lines;
  expect(here!.leaves('b', [])).toBe(400 * KiB);
  expect(here!.leaves('a', [])).toBe(120 * KiB);
  shards.send('b', 1);
  expect(here!.leaves('c', [])).toBe(200 * KiB);
  shards.send('c', 0);
  shards.send('d', 0);
  expect(there!.leaves('e', [])).toBe(100 * KiB);
  // A shard that died and came back serves nobody any more.
  shards.caps[0]!.close();
  expect(there!.leaves('e', [])).toBe(200 * KiB);
  for (const line of shards.lines) line.close();
});
