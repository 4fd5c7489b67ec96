import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { siblingModule } from '../src/supervisor/tree/module-url.ts';
import type { Bench } from './bench.ts';
import { folder, NodeProcess } from './node-process.ts';
import { figuresText, medians, round } from './statistics.ts';
import { inWorkplace, warm, writeBytes } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 32;
const SMALL_FILES = 5_000;

/**
 * `verify` of one big file that was published, beside the same native hash of the same chunks on as many threads, with
 * nothing else done; then of 5,000 small files. The file is in the page cache: the disk of this machine says nothing of
 * the code. Size: bytes of the big file.
 */
const recheck: Bench = {
  name: 'recheck',
  run: ({ size = DEFAULT_SIZE, repeat = 5, log }) =>
    inWorkplace(async (root) => {
      const path = join(await folder(root, 'source'), 'file.bin');
      await writeBytes(path, size);
      const small = await folder(root, 'small');
      for (let i = 0; i < SMALL_FILES; i++)
        await writeFile(join(small, `${i}.txt`), `${i} `.repeat(1 + (i % 999)));
      const node = await NodeProcess.start(join(root, 'node'));
      const limit = await Limit.start(path, size);
      try {
        await node.run('publish', path, '--share', 'big');
        await node.run('publish', small, '--share', 'small');
        const runs: Record<string, number | string>[] = [];
        let right = true;
        for (let run = 0; run < repeat; run++) {
          await warm(path);
          const alone = await limit.seconds();
          const cpu = await node.cpu();
          const big = await node.run<Verified>('verify', 'big');
          const used = (await node.cpu()) - cpu;
          const many = await node.run<Verified>('verify', 'small');
          right &&= big.bytes === size && big.bad_total === 0 && many.items === SMALL_FILES;
          right &&= many.bad_total === 0;
          const figures = {
            gib_per_second: size / 2 ** 30 / big.seconds,
            cpu_per_gib: used / (size / 2 ** 30),
            limit_gib_per_second: size / 2 ** 30 / alone,
            small_files_per_second: SMALL_FILES / many.seconds,
          };
          runs.push(figures);
          log(`run ${run + 1}: ${figuresText(figures)}`);
        }
        const median = medians(runs);
        const beside = {
          name: `native BLAKE3 of its chunks on ${limit.threads} threads, nothing else (GiB/s)`,
          value: median.limit_gib_per_second!,
          ratio: round(median.gib_per_second! / median.limit_gib_per_second!),
        };
        return {
          runs,
          median,
          beside: [beside],
          checks: [{ name: 'every byte compared, nothing found wrong', ok: right }],
        };
      } finally {
        await Promise.all([node.stop(), limit.stop()]);
      }
    }),
};
export default recheck;

interface Verified {
  readonly seconds: number;
  readonly items: number;
  readonly bytes: number;
  readonly bad_total: number;
}

/** Threads that are up and wait for the word. */
class Limit {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  static async start(path: string, size: number): Promise<Limit> {
    const threads = availableParallelism();
    const workers = Array.from({ length: threads }, (_, thread) => {
      const module = siblingModule(import.meta.url, './recheck/hash-thread');
      return new Worker(module, { workerData: { path, size, thread, threads } });
    });
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    return new Limit(workers);
  }

  get threads(): number {
    return this.#workers.length;
  }

  async seconds(): Promise<number> {
    const done = this.#workers.map((worker) => once(worker, 'message'));
    const from = performance.now();
    for (const worker of this.#workers) worker.postMessage('go');
    await Promise.all(done);
    return (performance.now() - from) / 1000;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
