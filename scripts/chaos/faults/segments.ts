import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../violation.ts';
import { until } from '../wait.ts';
import { damage } from './damage.ts';
import type { Fault } from './fault.ts';

export const damagedSegment: Fault = {
  name: 'damaged search segment',
  expected: 'found out and built again; searches are whole',
  async inject(ground, random) {
    const { downloader } = ground;
    const before = await hits();
    must(before > 20, `a search found only ${before} files before`);
    await downloader.kill();
    const folder = join(downloader.home, 'segments');
    const kind = random.pick(['.idx', '.rows']);
    const files = (await readdir(folder)).filter((name) => name.endsWith(kind));
    for (const name of files) await damage(join(folder, name), random, 5);
    await ground.revive(downloader);
    await until('a whole answer to a search', 30_000, async () => ((await hits()) === before ? true : null));
    return { seen: `${files.length} files ${kind} damaged; the same ${before} files are found` };

    async function hits(): Promise<number> {
      const page = await downloader.call('search', { query: 'small', limit: 200 });
      return page.complete ? page.hits.length : 0;
    }
  },
};
