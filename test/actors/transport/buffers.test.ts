import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChunkBuffers } from '../../../src/actors/transport/chunk-buffers.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { type Clock, systemClock } from '../../../src/supervisor/contract/clock.ts';
import { RawPeer, until } from './raw-peer.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

const CHUNK = 262_144;

/** Every look at it is 3 ms later: all reads and writes look slow, so that they go to the pool. */
function slowClock(): Clock {
  let ticks = 0;
  return { ...systemClock, now: () => systemClock.now() + ticks++ * 3 };
}

// Recycled buffers of whole shards: spoilt when they are given back, so that whoever still reads one is found out.
describe('no buffer is read after it was given back, given twice, or lost', () => {
  let work: Awaited<ReturnType<typeof workFolder>>;
  const out = new Set<Buffer>();
  let taken = 0;
  const shards: TestShard[] = [];
  beforeAll(async () => {
    work = await workFolder();
  });
  afterAll(() => work.remove());
  beforeEach(() => {
    const { take, give } = ChunkBuffers.prototype;
    out.clear();
    taken = 0;
    vi.spyOn(ChunkBuffers.prototype, 'take').mockImplementation(function (this: ChunkBuffers) {
      const buffer = take.call(this);
      out.add(buffer);
      taken++;
      return buffer;
    });
    vi.spyOn(ChunkBuffers.prototype, 'give').mockImplementation(function (this: ChunkBuffers, buffer) {
      if (!out.delete(buffer)) throw new Error('a buffer given back that nobody has');
      buffer.fill(0xee);
      give.call(this, buffer);
    });
  });
  afterEach(async () => {
    await Promise.all(shards.splice(0).map((shard) => shard.stop()));
    vi.restoreAllMocks();
  });

  async function pair(clock: () => Clock) {
    const [seeder, leecher] = await Promise.all([
      TestShard.start({}, { clock: clock() }),
      TestShard.start({}, { clock: clock() }),
    ]);
    shards.push(seeder, leecher);
    const bytes = randomBytes(60 * CHUNK + 12_345);
    const content = contentOf(bytes);
    seeder.share(await work.file(bytes), content.contentId);
    const file = async () => ({ ...content, path: await work.file(new Uint8Array(0)) });
    return { seeder, leecher, address: await seeder.listen(), bytes, content, file };
  }

  const back = () => until(() => out.size === 0, 'all buffers to be back');

  test.each([
    ['fast', () => systemClock],
    ['slow', slowClock],
  ])('three fetches at once, disks %s', async (_, clock) => {
    const { seeder, leecher, address, bytes, file } = await pair(clock);
    const files = [await file(), await file(), await file()];
    await Promise.all(files.map((each) => leecher.fetch(address, [each])));
    for (const { path } of files) expect(Buffer.compare(bytes, await readFile(path))).toBe(0);
    expect(taken).toBeGreaterThan(180);
    await Promise.all([seeder.stop(), leecher.stop()]);
    await back();
    expect([...seeder.bugs, ...leecher.bugs]).toEqual([]);
  });

  test.each([
    ['fast', () => systemClock],
    ['slow', slowClock],
  ])('sessions cut while chunks are under way, disks %s', async (_, clock) => {
    const { seeder, leecher, address, content } = await pair(clock);
    const payload = encodeRequest(500, { contentId: Buffer.from(content.contentId, 'hex'), chunkIndex: 3 });
    for (let round = 0; round < 10; round++) {
      const peer = await RawPeer.session(address);
      peer.pause();
      for (let i = 0; i < 40; i++) peer.send(500, i, payload);
      const before = seeder.metrics.get('chunks_served') ?? 0;
      await until(() => (seeder.metrics.get('chunks_served') ?? 0) > before + round, 'some chunks');
      if (round % 2 === 0) peer.reset();
      else peer.destroy();
    }
    await until(() => seeder.metrics.get('sessions') === 0, 'the sessions to end');
    await back();
    expect([...seeder.bugs, ...leecher.bugs]).toEqual([]);
  });

  test.each([
    ['fast', () => systemClock],
    ['slow', slowClock],
  ])('fetches aborted, and shards stopped, amid a transfer, disks %s', async (_, clock) => {
    const { seeder, leecher, address, file } = await pair(clock);
    for (let round = 0; round < 5; round++) {
      const abort = new AbortController();
      const fetched = leecher.fetch(address, [await file()], abort.signal);
      fetched.catch(() => {});
      const before = leecher.metrics.get('chunks_fetched') ?? 0;
      await until(() => (leecher.metrics.get('chunks_fetched') ?? 0) > before + round, 'some chunks');
      abort.abort(new Error('enough'));
      await expect(fetched).rejects.toThrow('enough');
    }
    const last = leecher.fetch(address, [await file()]);
    last.catch(() => {});
    const before = leecher.metrics.get('chunks_fetched')!;
    await until(() => leecher.metrics.get('chunks_fetched')! > before, 'some chunks');
    await Promise.all([seeder.stop(), leecher.stop()]);
    await expect(last).rejects.toThrow();
    await back();
    expect([...seeder.bugs, ...leecher.bugs]).toEqual([]);
  });
});
