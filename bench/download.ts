import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { folder, NodeProcess } from './node-process.ts';
import { pump } from './pump-run.ts';
import { medians, round } from './statistics.ts';
import { inWorkplace, pumpIdentity, sha256Of, warm, writeBytes } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 30;

/**
 * One seeder, one downloader, two processes over TLS on loopback, every chunk verified, to disk. Beside it the
 * bare pump of the same file, discarded, and the pump that hashes and writes. Size: bytes of the file.
 */
const download: Bench = {
  name: 'download',
  run: ({ size = DEFAULT_SIZE, repeat = 5, log }) =>
    inWorkplace(async (root) => {
      const source = join(await folder(root, 'source'), 'file.bin');
      await writeBytes(source, size);
      const expected = await sha256Of(source);
      const identity = await pumpIdentity(root);
      const seeder = await NodeProcess.start(join(root, 'seeder'));
      const leecher = await NodeProcess.start(join(root, 'leecher'));
      try {
        const { link, share_id } = await seeder.run<{ link: string; share_id: string }>('publish', source);
        await leecher.run('subscribe', link);
        const runs: Record<string, number | string>[] = [];
        let same = true;
        for (let run = 0; run < repeat; run++) {
          const out = await folder(root, 'out');
          await warm(source);
          const before = [await seeder.cpu(), await leecher.cpu()];
          const got = await leecher.run<{
            seconds: number;
            files: { path: string }[];
            spent: Record<string, number>;
          }>('get', share_id, '-o', out);
          const after = [await seeder.cpu(), await leecher.cpu()];
          same &&= (await sha256Of(got.files[0]!.path)) === expected;
          await rm(out, { recursive: true });
          await warm(source);
          const discarded = await pump(source, size, identity);
          await warm(source);
          const written = await pump(source, size, identity, join(root, 'pumped.bin'));
          await rm(join(root, 'pumped.bin'));
          const gib = size / 2 ** 30;
          const figures = {
            mb_per_second: size / 1e6 / got.seconds,
            seeder_cpu_per_gib: (after[0]! - before[0]!) / gib,
            downloader_cpu_per_gib: (after[1]! - before[1]!) / gib,
            both_cpu_per_gib: (after[0]! + after[1]! - before[0]! - before[1]!) / gib,
            pump_mb_per_second: discarded.mb_per_second,
            pump_hash_write_mb_per_second: written.mb_per_second,
            pump_hash_write_cpu_per_gib: written.sender_cpu_per_gib + written.receiver_cpu_per_gib,
            ...Object.fromEntries(
              Object.entries(got.spent).map(([part, seconds]) => [`spent_${part}`, seconds]),
            ),
          };
          runs.push(figures);
          log(
            `run ${run + 1}: ${Object.entries(figures)
              .map(([name, value]) => `${name} ${round(value)}`)
              .join(', ')}`,
          );
        }
        const median = medians(runs);
        const beside = (name: string, value: number) => ({
          name,
          value,
          ratio: round(median.mb_per_second! / value),
        });
        return {
          runs,
          median,
          beside: [
            beside('bare pump, discarded (MB/s)', median.pump_mb_per_second!),
            beside('bare pump, hashed and written (MB/s)', median.pump_hash_write_mb_per_second!),
          ],
          checks: [{ name: 'every download has the bytes of the source', ok: same }],
        };
      } finally {
        await leecher.stop();
        await seeder.stop();
      }
    }),
};
export default download;
