import { openSync, readSync } from 'node:fs';
import { lstat, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Blake3Hasher } from '@napi-rs/blake-hash';
import type { Bench } from './bench.ts';
import { folder, NodeProcess } from './node-process.ts';
import { figuresText, medians, round } from './statistics.ts';
import { inWorkplace, warm, writeBytes } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 31;
const SMALL_FILES = 2_000;

/**
 * Publishing one big file, beside hashing its bytes twice on one thread (a publish needs two hashes of each
 * byte); and 2,000 small files, beside walk and stat alone. Size: bytes of the big file.
 */
const publish: Bench = {
  name: 'publish',
  run: ({ size = DEFAULT_SIZE, repeat = 5, log }) =>
    inWorkplace(async (root) => {
      const source = join(await folder(root, 'source'), 'file.bin');
      await writeBytes(source, size);
      const small = await folder(root, 'small');
      await writeSmallFiles(small);
      const node = await NodeProcess.start(join(root, 'node'));
      try {
        const runs: Record<string, number | string>[] = [];
        let counted = true;
        for (let run = 0; run < repeat; run++) {
          await warm(source);
          const cpu = await node.cpu();
          // A new share name each time: an unchanged file of a known share is not hashed again.
          const big = await node.run<Published>('publish', source, '--share', `big-${run}`);
          const used = (await node.cpu()) - cpu;
          await warm(source);
          const once = hashOnce(source);
          const many = await node.run<Published>('publish', small, '--share', `small-${run}`);
          const walked = await walkAlone(small);
          counted &&= big.hashed_bytes === size && many.items === SMALL_FILES;
          const figures = {
            gib_per_second: size / 2 ** 30 / big.seconds,
            cpu_per_gib: used / (size / 2 ** 30),
            hash_once_gib_per_second: size / 2 ** 30 / once,
            small_files_seconds: many.seconds,
            walk_seconds: walked,
          };
          runs.push(figures);
          log(`run ${run + 1}: ${figuresText(figures)}`);
        }
        const median = medians(runs);
        return {
          runs,
          median,
          beside: [
            {
              name: 'BLAKE3 of the file twice, one thread (GiB/s)',
              value: round(median.hash_once_gib_per_second! / 2),
              ratio: round(median.gib_per_second! / (median.hash_once_gib_per_second! / 2)),
            },
            {
              name: 'walk and stat of the small files alone (s)',
              value: median.walk_seconds!,
              ratio: round(median.small_files_seconds! / median.walk_seconds!),
            },
          ],
          checks: [{ name: 'every byte hashed, every file listed', ok: counted }],
        };
      } finally {
        await node.stop();
      }
    }),
};
export default publish;

interface Published {
  readonly seconds: number;
  readonly hashed_bytes: number;
  readonly items: number;
}

async function writeSmallFiles(root: string): Promise<void> {
  for (let index = 0; index < SMALL_FILES; index++) {
    const place = join(root, `d${index % 50}`);
    if (index < 50) await mkdir(place);
    await writeFile(join(place, `file-${index}.txt`), `${index} `.repeat(200 + (index % 400)));
  }
}

function hashOnce(path: string): number {
  const buffer = Buffer.allocUnsafeSlow(16 << 20);
  const file = openSync(path, 'r');
  const hasher = new Blake3Hasher();
  const from = performance.now();
  for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer))
    hasher.update(buffer.subarray(0, got));
  hasher.digestBuffer();
  return (performance.now() - from) / 1000;
}

async function walkAlone(root: string): Promise<number> {
  const from = performance.now();
  for (const entry of await readdir(root, { recursive: true })) await lstat(join(root, entry));
  return (performance.now() - from) / 1000;
}
