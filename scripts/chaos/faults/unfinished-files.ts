import { readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Download } from '../download.ts';
import type { Ground } from '../ground.ts';
import { must } from '../violation.ts';
import type { Fault } from './fault.ts';

export const truncated: Fault = {
  name: 'unfinished file cut short under way',
  expected: 'never finished with holes: what was lost is found and fetched again',
  inject: (ground, random, round) =>
    underWay(ground, `cut-${round}`, async (path) => {
      const { size } = await stat(path);
      await truncate(path, Math.floor(size * random.between(0, 0.3)));
    }),
};

export const vanished: Fault = {
  name: 'unfinished file vanished under way',
  expected: 'an error that names it, or on from nothing; the download comes to its end',
  inject: (ground, _random, round) => underWay(ground, `gone-${round}`, (path) => rm(path)),
};

/** Something happens to the unfinished large file of a download that is held half way. */
async function underWay(
  ground: Ground,
  name: string,
  spoil: (path: string) => Promise<void>,
): Promise<{ seen: string }> {
  const download = new Download(ground, 'shelf', name);
  await download.beginAndHold(0.5);
  const parts = await Promise.all(
    (await readdir(download.out))
      .filter((file) => file.endsWith('.part'))
      .map(async (file) => ({
        path: join(download.out, file),
        size: (await stat(join(download.out, file))).size,
      })),
  );
  const large = parts.find(({ size }) => size === ground.options.large);
  must(large !== undefined, 'no unfinished file of the length of the large one');
  await spoil(large.path);
  ground.wire.release();
  await download.finish();
  const told = download.errors.length > 0 ? `after ${download.errors.join(', ')} and resume` : 'by itself';
  return { seen: `done ${told}, all bytes right` };
}
