import { existsSync } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chunkCount } from '../checks/served.ts';
import { Download } from '../download.ts';
import type { Ground } from '../ground.ts';
import { bytesOf } from '../material.ts';
import { must } from '../violation.ts';
import { sleep, until } from '../wait.ts';
import type { Fault } from './fault.ts';

/** Longer than a shard serves a file without looking at it again. */
const LOOK_AGAIN_MS = 1_300;

/** What happens to the seeder's large file; `aside` holds the right one afterwards. */
type Disturbance = (path: string, aside: string) => Promise<void>;

export const vanishedSource: Fault = {
  name: "seeder's file vanished",
  expected: 'not served, said to be missing; served again when it is back and published',
  inject: (ground, _random, round) =>
    without(ground, `lost-${round}`, 'missing', async (path, aside) => {
      await rename(path, aside);
      await sleep(LOOK_AGAIN_MS);
    }),
};

export const replacedSource: Fault = {
  name: "seeder's file replaced by another of the same size and time",
  expected: 'not served, said to be stale; served again when the right one is back',
  inject: (ground, _random, round) =>
    without(ground, `other-${round}`, 'stale', async (path, aside) => {
      const { size, mtime } = await stat(path);
      await rename(path, aside);
      await writeFile(path, bytesOf(`another ${round}`, size));
      await utimes(path, mtime, mtime);
      await sleep(LOOK_AGAIN_MS);
    }),
};

/** Within the second in which a shard does not look at the file again, its wrong bytes do go out. */
export const overwrittenSource: Fault = {
  name: "seeder's file overwritten in place while it is served",
  expected:
    'wrong chunks are refused by their hashes; said to be stale; served again when the right one is back',
  inject: (ground, _random, round) =>
    without(ground, `over-${round}`, 'stale', async (path, aside) => {
      const { size, mtime } = await stat(path);
      await copyFile(path, aside);
      const file = await open(path, 'r+');
      await file.write(bytesOf(`over ${round}`, size), 0, size, 0);
      await file.close();
      await utimes(path, mtime, mtime);
    }),
};

/** A folder in its place: root reads whatever its permissions say, and reads no folder. */
export const unreadableSource: Fault = {
  name: "seeder's file cannot be read",
  expected: 'a read error is no wrong byte and no crash; served again when it can be read and is published',
  inject: (ground, _random, round) =>
    without(ground, `unreadable-${round}`, null, async (path, aside) => {
      await rename(path, aside);
      await mkdir(path);
      await sleep(LOOK_AGAIN_MS);
    }),
};

/** Another thing, or nothing, is in the place of the large file while it is downloaded; then the right one is back. */
async function without(
  ground: Ground,
  name: string,
  state: 'missing' | 'stale' | null,
  disturb: Disturbance,
): Promise<{ seen: string }> {
  const path = join(ground.folder('shelf'), 'large.bin');
  const aside = join(ground.root, 'aside.bin');
  const starts = await restarts(ground);
  const [fetched, corrupt] = await counts(ground);
  const download = new Download(ground, 'shelf', name);
  await download.beginAndHold(0.3);
  let told: string;
  try {
    await disturb(path, aside);
    ground.wire.release();
    told = await until('the seeder notices', 30_000, async () => {
      const { items } = await ground.seeder.call('items', { share: ground.ids.shelf });
      const found = items.find((item) => item.path === 'large.bin')!.state;
      return found !== 'ok' && (state === null || found === state) ? found : null;
    });
    must((await download.entry()).state !== 'done', 'a download is done without its source');
    must(!existsSync(join(download.out, 'large.bin')), 'a file has its name without its source');
  } finally {
    await rm(path, { recursive: true, force: true });
    await rename(aside, path);
  }
  // Its times are not what they were: it has to be published again, which makes no new revision.
  const seq = ground.known.seeder.shares.get(ground.ids.shelf)!.seq;
  must((await ground.publish('shelf')) === seq, 'the same files made another revision');
  await download.finish();
  must((await restarts(ground)) === starts, 'a part of a node died of it');
  const [chunks, refused] = await counts(ground);
  const total = `${chunks - fetched} chunks taken and ${refused - corrupt} refused in all`;
  return { seen: `${told} while it was not there; ${total}, all bytes right` };
}

const counts = (ground: Ground): Promise<[fetched: number, corrupt: number]> =>
  Promise.all([
    chunkCount(ground.downloader, 'chunks_fetched'),
    chunkCount(ground.downloader, 'chunks_corrupt'),
  ]);

/** Of all parts of both nodes. */
async function restarts({ seeder, downloader }: Ground): Promise<number> {
  const all = await Promise.all([seeder, downloader].map((subject) => subject.call('stats', {})));
  return all.flatMap(({ actors }) => actors).reduce((sum, { restarts }) => sum + restarts, 0);
}
