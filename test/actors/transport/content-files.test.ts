import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decodeReply, encodeRequest } from '../../../src/protocol/wire/registry.ts';
import type { Clock } from '../../../src/supervisor/contract/clock.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { openDescriptors } from './open-descriptors.ts';
import { RawPeer, until } from './raw-peer.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

const WALL = 1_800_000_000_000;
const CHUNK = 262_144;

let work: Awaited<ReturnType<typeof workFolder>>;
let clock: ManualClock;
let us: TestShard;
let address: string;
let peer: RawPeer;
let reqId = 0;

beforeAll(async () => {
  work = await workFolder();
});
afterAll(() => work.remove());
beforeEach(async () => {
  await start(new ManualClock(WALL));
});
afterEach(async () => {
  peer.destroy();
  await us.stop();
  expect(us.bugs).toEqual([]);
  await until(() => filesOpen().length === 0, 'all files to be closed');
});

async function start(manual: ManualClock, seen: Clock = manual): Promise<void> {
  clock = manual;
  us = await TestShard.start({}, { clock: seen });
  address = await us.listen();
  peer = await session();
}

const session = () => RawPeer.session(address, { now: () => clock.wall() / 1000 });
const filesOpen = () => openDescriptors().filter((each) => each.startsWith(work.root));

async function shared(size = 3 * CHUNK + 10) {
  const bytes = randomBytes(size);
  const { contentId } = contentOf(bytes);
  const path = await work.file(bytes);
  us.share(path, contentId);
  const chunk = (index: number) => bytes.subarray(index * CHUNK, (index + 1) * CHUNK);
  return { bytes, contentId, path, chunk };
}

const request = (contentId: string, index: number) =>
  encodeRequest(500, { contentId: Buffer.from(contentId, 'hex'), chunkIndex: index });

/** The octets of a chunk as the shard serves it; null: not found. */
async function chunk(contentId: string, index: number, refusal = 'chunk not found'): Promise<Buffer | null> {
  const reply = await peer.ask(500, ++reqId, request(contentId, index));
  if (reply.flags === 3) {
    expect(new TextDecoder().decode(reply.payload)).toBe(refusal);
    return null;
  }
  return Buffer.from(decodeReply(500, reply.payload).bytes);
}

describe('a published file that changes', () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ['touched', (path) => utimes(path, 1, 1)],
    ['written to', (path) => writeFile(path, randomBytes(3 * CHUNK + 10))],
    ['longer', (path) => truncate(path, 9 * CHUNK)],
    ['replaced by another', async (path) => await rename(await work.file(randomBytes(3 * CHUNK + 10)), path)],
    ['removed', (path) => rm(path)],
  ])('%s: noticed within a second, told to the store, not served again', async (_, change) => {
    const { contentId, path, chunk: part } = await shared();
    expect(await chunk(contentId, 0)).toEqual(part(0));
    await change(path);
    await clock.advance(1_000);
    expect(await chunk(contentId, 1)).toBeNull();
    expect(us.gone).toEqual([contentId]);
    expect(filesOpen()).toEqual([]);
    // The store may still be of another opinion; the file is looked at whenever it is opened.
    expect(await chunk(contentId, 0)).toBeNull();
    expect(await chunk(contentId, 99)).toBeNull();
  });

  test('shorter: noticed at once, by the read', async () => {
    const { contentId, path, chunk: part } = await shared();
    expect(await chunk(contentId, 3)).toEqual(part(3));
    await truncate(path, CHUNK + 5);
    expect(await chunk(contentId, 0)).toEqual(part(0));
    expect(await chunk(contentId, 1)).toBeNull();
    expect(us.gone).toEqual([contentId]);
    expect(filesOpen()).toEqual([]);
  });

  test.each<[string, (path: string) => unknown]>([
    ['a FIFO', (path) => execFileSync('mkfifo', [path])],
    ['a folder', (path) => mkdir(path)],
    ['nothing', () => {}],
    ['a socket or device', (path) => execFileSync('ln', ['-s', '/dev/zero', path])],
  ])('%s in its place does not hold the shard', async (_, put) => {
    const { contentId, path } = await shared();
    await rm(path);
    await put(path);
    expect(await chunk(contentId, 0)).toBeNull();
    expect(us.gone).toEqual([contentId]);
    expect((await peer.ask(999, ++reqId)).flags).toBe(3);
  });

  test('published again it is served again', async () => {
    const { contentId, path, bytes, chunk: part } = await shared();
    await chunk(contentId, 0);
    await utimes(path, 1, 1);
    await clock.advance(1_000);
    expect(await chunk(contentId, 0)).toBeNull();
    await writeFile(path, bytes);
    us.share(path, contentId);
    us.voidLeases([contentId]);
    expect(await chunk(contentId, 2)).toEqual(part(2));
  });
});

describe('a lease', () => {
  test('is asked for once, however many chunks and sessions', async () => {
    const { contentId, chunk: part } = await shared();
    let release = () => {};
    us.hold = new Promise((resolve) => {
      release = resolve;
    });
    const other = await session();
    for (let i = 0; i < 4; i++) {
      peer.send(500, i, request(contentId, i));
      other.send(500, i, request(contentId, i));
    }
    await until(() => us.asked.get('lease') === 1, 'the store to be asked');
    us.hold = null;
    release();
    for (const each of [peer, other]) {
      for (let i = 0; i < 4; i++) {
        const { payload } = await each.envelope();
        expect(Buffer.compare(decodeReply(500, payload).bytes, part(i))).toBe(0);
      }
    }
    expect(us.asked.get('lease')).toBe(1);
    other.destroy();
  });

  test('that the store does not have is not asked for again at once', async () => {
    const { contentId } = await shared();
    const lease = us.leases.get(contentId)!;
    us.leases.clear();
    for (let i = 0; i < 5; i++) expect(await chunk(contentId, i)).toBeNull();
    expect(us.asked.get('lease')).toBe(1);
    // A change that the store tells of counts at once, any other after a second.
    us.leases.set(contentId, lease);
    expect(await chunk(contentId, 0)).toBeNull();
    us.voidLeases([contentId]);
    expect(await chunk(contentId, 0)).not.toBeNull();
    us.leases.clear();
    us.voidLeases([contentId]);
    expect(await chunk(contentId, 0)).toBeNull();
    us.leases.set(contentId, lease);
    await clock.advance(999);
    expect(await chunk(contentId, 0)).toBeNull();
    await clock.advance(1);
    expect(await chunk(contentId, 0)).not.toBeNull();
  });

  test('that is void is not used again', async () => {
    const { contentId } = await shared();
    expect(await chunk(contentId, 0)).not.toBeNull();
    expect(filesOpen()).toHaveLength(1);
    us.leases.clear();
    us.voidLeases([contentId]);
    await until(() => filesOpen().length === 0, 'the file to be closed');
    expect(await chunk(contentId, 0)).toBeNull();
    expect(us.gone).toEqual([]);
  });

  test('that becomes void on its way is asked for again', async () => {
    const old = await shared();
    let release = () => {};
    us.hold = new Promise((resolve) => {
      release = resolve;
    });
    const asked = chunk(old.contentId, 0);
    await until(() => us.asked.get('lease') === 1, 'the store to be asked');
    us.voidLeases([old.contentId]);
    await new Promise((resolve) => setImmediate(resolve));
    us.hold = null;
    release();
    expect(await asked).toEqual(old.chunk(0));
    expect(us.asked.get('lease')).toBe(2);
  });

  test('ends with the store: what was learnt before its death is asked for anew', async () => {
    const { contentId, chunk: part } = await shared();
    await chunk(contentId, 0);
    us.down = true;
    us.breakLeases();
    await until(() => filesOpen().length === 0, 'the file to be closed');
    expect(await chunk(contentId, 0, 'temporarily unavailable')).toBeNull();
    await clock.advance(300);
    us.down = false;
    // Learnt before the shard listens again: it may become void unheard.
    expect(await chunk(contentId, 1)).toEqual(part(1));
    await clock.advance(100);
    await until(() => filesOpen().length === 0, 'what was learnt meanwhile to be dropped');
    const asked = us.asked.get('lease')!;
    expect(await chunk(contentId, 2)).toEqual(part(2));
    expect(us.asked.get('lease')).toBe(asked + 1);
  });
});

describe('open files', () => {
  test('are bounded: the one not read for longest is closed', async () => {
    const all = [];
    for (let i = 0; i < 300; i++) all.push(await shared(100 + i));
    for (const { contentId, bytes } of all) expect(await chunk(contentId, 0)).toEqual(bytes);
    expect(filesOpen()).toHaveLength(256);
    const asked = us.asked.get('lease')!;
    // The youngest is still open, the oldest is not.
    expect(await chunk(all[299]!.contentId, 0)).toEqual(all[299]!.bytes);
    expect(us.asked.get('lease')).toBe(asked);
    expect(await chunk(all[44]!.contentId, 0)).toEqual(all[44]!.bytes);
    expect(await chunk(all[43]!.contentId, 0)).toEqual(all[43]!.bytes);
    expect(us.asked.get('lease')).toBe(asked + 1);
    expect(filesOpen()).toHaveLength(256);
  });

  test('are closed when the pool has read the last of them, also those void meanwhile', async () => {
    peer.destroy();
    await us.stop();
    // Every look at the clock is 3 ms later: every read looks slow, and the next goes to the pool.
    const manual = new ManualClock(WALL);
    let ticks = 0;
    const slow: Clock = {
      now: () => manual.now() + ticks++ * 3,
      wall: () => manual.wall(),
      after: (ms, callback) => manual.after(ms, callback),
    };
    await start(manual, slow);
    const { contentId, chunk: part } = await shared(40 * CHUNK);
    const peers = [peer, await session(), await session()];
    for (const each of peers) for (let i = 0; i < 40; i++) each.send(500, i, request(contentId, i));
    for (let i = 0; i < 40; i++) {
      if (i % 5 === 0) us.voidLeases([contentId]);
      for (const each of peers) {
        const { payload } = await each.envelope();
        expect(Buffer.compare(decodeReply(500, payload).bytes, part(i))).toBe(0);
      }
    }
    expect(filesOpen().length).toBeLessThanOrEqual(1);
    us.voidLeases([contentId]);
    await until(() => filesOpen().length === 0, 'the file to be closed');
    for (const each of peers) each.destroy();
  });
});
