import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Download } from '../download.ts';
import { until } from '../wait.ts';
import { damage } from './damage.ts';
import type { Fault } from './fault.ts';

/** Of the seeder: what it signed, and the hashes of chunks that it tells. */
export const damagedCatalog: Fault = {
  name: "seeder's manifests and hash lists damaged",
  expected: 'never handed out; publishing again makes them anew, under the next number',
  async inject(ground, random, round) {
    const { seeder } = ground;
    await seeder.kill();
    let files = 0;
    for (const folder of ['manifests', 'hashes']) {
      for (const name of await readdir(join(seeder.home, folder))) {
        await damage(join(seeder.home, folder, name), random, 3);
        files++;
      }
    }
    await ground.revive(seeder);
    const before = ground.known.seeder.shares.get(ground.ids.shelf)!.seq;
    for (const share of ['shelf', 'many'] as const) await ground.sync(share, await ground.publish(share));
    const after = ground.known.seeder.shares.get(ground.ids.shelf)!.seq;
    const download = new Download(ground, 'shelf', `damaged-${round}`);
    await download.begin();
    // A damaged list is seen when somebody asks for it; then its file has to be hashed again.
    await until('the list of the large file is made again', 60_000, async () => {
      const { hashed_bytes: hashed } = await seeder.call(
        'publish',
        { paths: [ground.folder('shelf')], share: 'shelf' },
        () => {},
      );
      return hashed >= ground.options.large ? true : null;
    });
    await download.done(() => ground.publish('shelf'));
    await download.finish();
    return { seen: `${files} files damaged; number ${before} became ${after}, all bytes right` };
  },
};
