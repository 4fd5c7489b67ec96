import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FreeSpace } from '../../../src/actors/transfer/free-space.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-space-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const free = async (): Promise<number> => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};
const TERA = 2 ** 40;

test('what others still have to write counts as used, until it is written or given up', async () => {
  const space = new FreeSpace({ reserveBytes: 0 });
  let left = 1000;
  const half = Math.floor((await free()) * 0.6);
  await (await space.claim(folder, () => left))();
  left = half;
  const release = await space.claim(join(folder, 'not/yet/there'), () => left);
  await expect(space.claim(folder, () => half)).rejects.toMatchObject({
    code: 'E_NO_SPACE',
    retryable: true,
    subject: folder,
    message: expect.stringMatching(
      /needs \d+ bytes, \d+ more than are free \(beside \d+ of other downloads\)/,
    ),
  });
  left = 0;
  (await space.claim(folder, () => half))();
  left = half;
  release();
  (await space.claim(folder, () => half))();
});

test('the reserve stays free; what needs no room has some', async () => {
  const space = new FreeSpace({ reserveBytes: (await free()) + TERA });
  await expect(space.claim(folder, () => 1)).rejects.toMatchObject({
    code: 'E_NO_SPACE',
    message: expect.stringContaining('the reserve of') as string,
  });
  (await space.claim(folder, () => 0))();
  await expect(space.checkReserve(folder)).rejects.toMatchObject({ code: 'E_NO_SPACE' });
  await new FreeSpace({ reserveBytes: 1 }).checkReserve(folder);
});

test('file systems that do not count have room for everything', async () => {
  (await new FreeSpace({ reserveBytes: TERA }).claim('/proc', () => TERA))();
  await new FreeSpace({ reserveBytes: TERA }).checkReserve('/proc');
});
