import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Download } from '../download.ts';
import type { Ground } from '../ground.ts';
import { Subject } from '../subject.ts';
import { must } from '../violation.ts';
import { until } from '../wait.ts';
import { foldersAreEqual } from './files.ts';

/**
 * What the downloader holds after all this, it serves: a third node, which reaches nobody else, gets both shares from it
 * whole.
 */
export async function servesOn(ground: Ground): Promise<void> {
  const { seeder, downloader, root, options } = ground;
  const reader = new Subject('reader', root, downloader.args, options.tally);
  const held = (['shelf', 'many'] as const).map((share) => new Download(ground, share, `held-${share}`));
  for (const download of held) {
    await ground.sync(download.share, ground.known.seeder.shares.get(ground.ids[download.share])!.seq);
    await download.begin();
    await download.done();
    await download.check();
  }
  try {
    await reader.start();
    for (const { share } of held) {
      await reader.call('subscribe', { link: ground.links[share] });
      const { shares } = await reader.call('sync', { share: ground.ids[share] });
      must(shares[0]?.error === null, `the reader has no catalog: ${JSON.stringify(shares[0]?.error)}`);
    }
    await seeder.kill();
    await reader.call('connect', { address: `${downloader.bound}@${downloader.facts!.node_key}` });
    for (const { share } of held) {
      const directory = join(root, `read-${share}`);
      await reader.call('add', { target: ground.ids[share], directory });
      await until(`the reader gets ${share}`, 60_000, async () => {
        const { transfers } = await reader.call('queue', {});
        return transfers.find((entry) => entry.directory === directory)?.state === 'done' ? true : null;
      });
      await foldersAreEqual(ground.folder(share), directory);
      await rm(directory, { recursive: true });
    }
  } finally {
    await reader.kill();
  }
}
