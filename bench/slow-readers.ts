import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { firstLine } from './child-line.ts';
import { NodeProcess } from './node-process.ts';
import { ServedFile } from './served-file.ts';
import { figuresText, medians, round } from './statistics.ts';
import { inWorkplace, warm } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 30;
const READERS = 20;

/**
 * What an honest peer gets of one shard while twenty others, each from a network of its own, have asked for as many chunks
 * as they may and take 16 KiB a second; beside what it gets alone. Size: bytes of the file.
 */
const slowReaders: Bench = {
  name: 'slow-readers',
  run: ({ size = DEFAULT_SIZE, repeat = 5, log }) =>
    inWorkplace(async (root) => {
      const seeder = await NodeProcess.start(join(root, 'seeder'));
      try {
        const served = await ServedFile.publish(root, size, seeder);
        const fetched = async () => {
          await warm(served.path);
          return size / 1e6 / (await served.fetchAll()).seconds;
        };
        await fetched();
        const runs: Record<string, number>[] = [];
        let asked = true;
        for (let turn = 0; turn < repeat; turn++) {
          const alone = await fetched();
          const { contentId, port } = served;
          const { child, figures } = await firstLine('slow-client', port, contentId, READERS);
          asked &&= figures.sessions === READERS;
          const beside = await fetched().finally(() => child.kill('SIGKILL'));
          runs.push({ mb_per_second: beside, alone_mb_per_second: alone });
          log(`run ${turn + 1}: ${figuresText(runs.at(-1)!)}`);
        }
        const median = medians(runs);
        return {
          runs,
          median,
          beside: [
            {
              name: 'the same peer with nobody beside it (MB/s)',
              value: median.alone_mb_per_second!,
              ratio: round(median.mb_per_second! / median.alone_mb_per_second!),
            },
          ],
          checks: [
            { name: 'every byte was served', ok: served.whole },
            { name: 'the slow readers had their sessions', ok: asked },
          ],
        };
      } finally {
        await seeder.stop();
      }
    }),
};
export default slowReaders;
