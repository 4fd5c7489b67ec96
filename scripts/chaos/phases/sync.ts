import { noStrays } from '../checks/data-folder.ts';
import { makeFile } from '../material.ts';
import type { Phase } from '../strike.ts';
import { outcome } from '../subject.ts';
import { until } from '../wait.ts';

const SPAN_MS = 80;

/** A new revision is taken over by the subscriber; either end dies. Afterwards it is there, and searches find it. */
export const sync: Phase = {
  name: 'sync',
  async run(scene) {
    const { ground, random, record } = scene;
    const victim = random.chance(0.75) ? ground.downloader : ground.seeder;
    const after = random.between(0, SPAN_MS);
    const word = `news${record.kill}`;
    await makeFile(ground.folder('many'), `news/${word}.bin`, word, 2_000);
    const seq = await ground.publish('many');

    scene.begins(victim, 'manifest, rows, segment');
    const running = outcome(ground.downloader.call('sync', { share: ground.ids.many }));
    await scene.strike(victim, after, running);
    await running;
    await scene.revive(victim);
    await ground.sync('many', seq);
    await until(`a search finds ${word}`, 20_000, async () => {
      const { hits, complete } = await ground.downloader.call('search', { query: word });
      return complete && hits.length === 1 ? true : null;
    });
    await noStrays(victim.home);
  },
};
