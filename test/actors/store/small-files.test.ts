import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SmallFiles } from '../../../src/actors/store/small-files.ts';

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-small-'));
  path = join(folder, 'file');
  await writeFile(path, 'octets');
});
afterAll(() => rm(folder, { recursive: true }));

/** Whether a file is there without a turn of the event loop, which the pool takes. */
async function inPlace(files: SmallFiles, octets = 6): Promise<boolean> {
  let done = false;
  const read = files.read(path, octets).then((found) => {
    done = true;
    expect(Buffer.from(found).toString()).toBe('octets');
  });
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  const at = done;
  await read;
  return at;
}

test('small files are read in place, long ones on the pool', async () => {
  const files = new SmallFiles({ now: () => 0 });
  expect(await inPlace(files)).toBe(true);
  expect(await inPlace(files, 64 * 1024 + 1)).toBe(false);
});

test('a slow disk sends the next ones to the pool, for a while', async () => {
  let now = 0;
  let slow = 0;
  const files = new SmallFiles({
    now: () => {
      now += slow;
      return now;
    },
  });
  slow = 2;
  expect(await inPlace(files)).toBe(true);
  expect(await inPlace(files)).toBe(true);
  slow = 0;
  expect(await inPlace(files)).toBe(false);
  now += 10;
  expect(await inPlace(files)).toBe(true);
});

test('a file that is not there rejects', async () => {
  const files = new SmallFiles({ now: () => 0 });
  await expect(files.read(join(folder, 'none'), 6)).rejects.toMatchObject({ code: 'ENOENT' });
});
