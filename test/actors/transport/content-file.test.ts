import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ContentFile } from '../../../src/actors/transport/content-file.ts';
import { Scratch } from '../../../src/actors/transport/read-ahead.ts';
import { openDescriptors } from './open-descriptors.ts';
import { until } from './raw-peer.ts';

const CHUNK = 262_144;
const CHUNKS = 24;

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-content-'));
  path = join(folder, 'file.bin');
  await writeFile(path, Buffer.alloc(CHUNKS * CHUNK, 7));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

class Counted extends Scratch {
  taken = 0;
  given = 0;
  override take() {
    this.taken++;
    return super.take();
  }
  override give() {
    this.given++;
    super.give();
  }
}

async function opened(scratch: Scratch): Promise<ContentFile> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  const lease = {
    ...{ contentId: 'ab'.repeat(32), path, size: Number(size), mtimeNs, ctimeNs, inode: ino },
    ...{ epoch: 1, shareIds: [] },
  };
  return ContentFile.open(lease, scratch, 0)!;
}

/** Every look at it takes so long. */
const clockOf = (stepMs: number) => {
  let now = 0;
  return () => {
    now += stepMs;
    return now;
  };
};

async function readAll(file: ContentFile, now: () => number): Promise<void> {
  const buffer = Buffer.alloc(CHUNK);
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    buffer.fill(0);
    expect(await file.read(buffer, 0, CHUNK, chunk * CHUNK, now)).toBe(true);
    expect(buffer.every((octet) => octet === 7)).toBe(true);
  }
}

test('a file on a slow disk is read ahead of whoever goes through it; one in memory is not', async () => {
  const slow = new Counted();
  const onDisk = await opened(slow);
  await readAll(onDisk, clockOf(5));
  expect(slow.taken).toBeGreaterThan(3);
  onDisk.close();

  const fast = new Counted();
  const inMemory = await opened(fast);
  await readAll(inMemory, clockOf(0));
  expect(fast.taken).toBe(0);
  inMemory.close();
});

test('what turns out to be in memory is read ahead of no more', async () => {
  const scratch = new Counted();
  const file = await opened(scratch);
  let now = 0;
  let step = 5;
  const clock = () => {
    now += step;
    return now;
  };
  const buffer = Buffer.alloc(CHUNK);
  for (const chunk of [0, 1]) await file.read(buffer, 0, CHUNK, chunk * CHUNK, clock);
  step = 0;
  // Out of the time in which the pool reads.
  now += 100;
  for (let chunk = 2; chunk < CHUNKS; chunk++) {
    await file.read(buffer, 0, CHUNK, chunk * CHUNK, clock);
    await until(() => scratch.given === scratch.taken, 'what is read ahead');
  }
  expect(scratch.taken).toBe(1);
  file.close();
});

test('closed while something is being read ahead, it is closed afterwards', async () => {
  const file = await opened(new Scratch());
  const now = clockOf(5);
  const buffer = Buffer.alloc(CHUNK);
  for (let chunk = 0; chunk < 4; chunk++) await file.read(buffer, 0, CHUNK, chunk * CHUNK, now);
  file.close();
  await until(() => !openDescriptors().includes(path), 'the file to be closed');
});
