import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { NodeProcess } from './node-process.ts';
import { pump } from './pump-run.ts';
import { ServedFile } from './served-file.ts';
import { figuresText, medians, round } from './statistics.ts';
import { evict, inWorkplace, pumpIdentity, warm } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 30;

/**
 * Serving alone: one peer that asks for every chunk and throws it away. Beside it the bare pump of the same
 * file. Size: bytes of the file.
 */
const serve: Bench = {
  name: 'serve',
  run: ({ size = DEFAULT_SIZE, repeat = 5, log }) =>
    inWorkplace(async (root) => {
      const identity = await pumpIdentity(root);
      const seeder = await NodeProcess.start(join(root, 'seeder'));
      try {
        const served = await ServedFile.publish(root, size, seeder);
        const source = served.path;
        const runs: Record<string, number | string>[] = [];
        const made: number[] = [];
        for (let turn = 0; turn < repeat; turn++) {
          await evict(source);
          const cold = await served.fetchAll();
          await evict(source);
          const read = performance.now();
          await warm(source);
          const readSeconds = (performance.now() - read) / 1000;
          const buffers = await seeder.shards('buffers_made');
          const before = await seeder.cpu();
          const got = await served.fetchAll();
          const after = await seeder.cpu();
          const afterwards = await seeder.shards('buffers_made');
          made.push(afterwards.counted - buffers.counted);
          await warm(source);
          const bare = await pump(source, size, identity);
          const figures = {
            mb_per_second: size / 1e6 / got.seconds,
            seeder_cpu_per_gib: (after - before) / (size / 2 ** 30),
            cold_mb_per_second: size / 1e6 / cold.seconds,
            read_mb_per_second: size / 1e6 / readSeconds,
            client_cpu_per_gib: got.cpu / (size / 2 ** 30),
            shard_memory_mib: afterwards.memory / 2 ** 20,
            shard_growth_mib: (afterwards.memory - buffers.memory) / 2 ** 20,
            pump_mb_per_second: bare.mb_per_second,
            pump_sender_cpu_per_gib: bare.sender_cpu_per_gib,
          };
          runs.push(figures);
          log(`run ${turn + 1}: ${figuresText(figures)}`);
        }
        const median = medians(runs);
        return {
          runs,
          median,
          beside: [
            {
              name: 'bare pump, discarded (MB/s)',
              value: median.pump_mb_per_second!,
              ratio: round(median.mb_per_second! / median.pump_mb_per_second!),
            },
            {
              name: 'sender CPU of the pump (s/GiB)',
              value: median.pump_sender_cpu_per_gib!,
              ratio: round(median.seeder_cpu_per_gib! / median.pump_sender_cpu_per_gib!),
            },
            {
              name: 'file read from the disk, beside serving it from there (MB/s)',
              value: median.read_mb_per_second!,
              ratio: round(median.cold_mb_per_second! / median.read_mb_per_second!),
            },
          ],
          checks: [
            { name: 'every byte was served', ok: served.whole },
            // The first run with a cold file has made those that are recycled.
            { name: 'no buffer was made for a chunk', ok: made.every((count) => count <= 4) },
          ],
        };
      } finally {
        await seeder.stop();
      }
    }),
};
export default serve;
