import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NodeClient } from '../src/cli/client.ts';
import { sleep, systemClock } from '../src/supervisor/contract/clock.ts';
import type { Bench } from './bench.ts';
import { nativeHash } from './native-hash.ts';
import { cpuOf, folder, NodeProcess } from './node-process.ts';
import { pump } from './pump-run.ts';
import { exponent, figuresText, medians, round } from './statistics.ts';
import { inWorkplace, pumpIdentity, sha256Of, warm, writeBytes } from './workplace.ts';

const DEFAULT_SIZE = 2 ** 32;
const GIB = 2 ** 30;
/** How many downloaders, and how many shards the seeder has for them. Together they get as much as one. */
const CASES = [
  { peers: 1, shards: 1 },
  { peers: 8, shards: 1 },
  { peers: 8, shards: 2 },
] as const;

/** Sessions end between the cases: one that there is stays on its shard. */
const ENV = { GRANARY_NETWORK_IDLE_MS: '1000', GRANARY_NETWORK_OUTBOUND: '0' };
const GONE_WITHIN_MS = 30_000;

type Figures = Record<string, number | string>;

/**
 * One seeder to one and to eight downloaders, each a process of its own, over TLS on loopback, every chunk verified and every
 * whole file identified, to disk. Beside it, in the same run, the bare pump that discards, the pump that hashes and writes, and
 * the native hash of the file alone. This process asks for the downloads itself: eight command lines would take a part of the
 * machine that is measured. Size: bytes that go in all, in each case.
 */
const transfer: Bench = {
  name: 'transfer',
  run: ({ size = DEFAULT_SIZE, repeat = 5, log }) =>
    inWorkplace(async (root) => {
      const files = await sources(root, size);
      const identity = await pumpIdentity(root);
      const seeder = await NodeProcess.start(join(root, 'seeder'), ENV);
      const leechers = await Promise.all(
        Array.from({ length: 8 }, (_, peer) => NodeProcess.start(join(root, `leecher-${peer}`), ENV)),
      );
      try {
        const shares = new Map<string, string>();
        for (const [name, { path }] of Object.entries(files)) {
          const { link, share_id } = await seeder.run<{ link: string; share_id: string }>(
            'publish',
            path,
            '--share',
            name,
          );
          shares.set(name, share_id);
          for (const leecher of leechers) await leecher.run('subscribe', link);
        }
        const seeding = await NodeClient.connect(seeder.home);
        const clients = await Promise.all(leechers.map(({ home }) => NodeClient.connect(home)));
        const runs: Figures[] = [];
        let same = true;
        const download = async (name: keyof typeof files, peers: number) => {
          const { path, size: each, sha256 } = files[name];
          await ready(path);
          const out = await folder(root, 'out');
          const taking = clients.slice(0, peers);
          const cpu = () => Promise.all([seeding, ...taking].map(cpuOf));
          const target = shares.get(name)!;
          const [before, servedBefore] = [await cpu(), await servedByShard(seeding)];
          const got = await Promise.all(
            taking.map((client, peer) =>
              client.call('get', { target, directory: join(out, String(peer)) }, { onEvent: () => {} }),
            ),
          );
          const after = await cpu();
          const served = (await servedByShard(seeding)).map(
            (chunks, shard) => chunks - (servedBefore[shard] ?? 0),
          );
          for (const { files: came } of got) same &&= (await sha256Of(came[0]!.path)) === sha256;
          await rm(out, { recursive: true });
          const used = after.map((seconds, place) => (seconds - before[place]!) / ((each * peers) / GIB));
          const busiest = Math.max(...served) / served.reduce((sum, chunks) => sum + chunks, 0);
          return { seconds: got.map(({ seconds }) => seconds), bytes: each * peers, used, busiest };
        };
        for (let run = 0; run < repeat; run++) {
          const figures: Figures = { run: String(run + 1) };
          await ready(files.whole.path);
          const discarded = await pump(files.whole.path, size, identity);
          // The machine's speed swings within minutes: what is compared follows at once.
          await ready(files.whole.path);
          const written = await pump(files.whole.path, size, identity, join(root, 'pumped.bin'));
          await rm(join(root, 'pumped.bin'));
          figures.pump_mb_per_second = discarded.mb_per_second;
          figures.pump_sender_cpu_per_gib = discarded.sender_cpu_per_gib;
          figures.pump_hash_write_mb_per_second = written.mb_per_second;
          figures.pump_durable_mb_per_second = written.durable_mb_per_second;
          figures.pump_hash_write_cpu_per_gib = written.sender_cpu_per_gib + written.receiver_cpu_per_gib;
          for (const { peers, shards } of CASES) {
            await seeder.run('tune', 'set', `shards=${shards}`, '--no-save');
            await sessionsGone(seeding);
            const { seconds, bytes, used, busiest } = await download(peers === 1 ? 'whole' : 'eighth', peers);
            const [slowest, fastest] = [Math.max(...seconds), Math.min(...seconds)];
            const of = (name: string) => `p${peers}s${shards}_${name}`;
            figures[of('mb_per_second')] = bytes / 1e6 / slowest;
            figures[of('seeder_cpu_per_gib')] = used[0]!;
            figures[of('downloader_cpu_per_gib')] = used.slice(1).reduce((sum, value) => sum + value, 0);
            figures[of('both_cpu_per_gib')] = used.reduce((sum, value) => sum + value, 0);
            figures[of('slowest_by_fastest')] = slowest / fastest;
            figures[of('seconds')] = slowest;
            figures[of('busiest_shard')] = busiest;
          }
          figures.tenth_seconds = Math.max(...(await download('tenth', 1)).seconds);
          figures.hash_mb_per_second = await nativeHash(files.whole.path);
          runs.push(figures);
          log(`run ${run + 1}: ${figuresText(figures)}`);
        }
        const median = medians(runs);
        median.exponent = exponent(median.tenth_seconds!, median.p1s1_seconds!);
        const beside = (name: string, ours: string, theirs: string) => ({
          name,
          value: median[theirs]!,
          ratio: round(median[ours]! / median[theirs]!),
        });
        return {
          runs,
          median,
          beside: [
            beside('one peer, by the pump that discards (MB/s)', 'p1s1_mb_per_second', 'pump_mb_per_second'),
            beside(
              'one peer, by the pump that hashes and writes (MB/s)',
              'p1s1_mb_per_second',
              'pump_hash_write_mb_per_second',
            ),
            beside(
              'one peer, by that pump until the disk has it (MB/s)',
              'p1s1_mb_per_second',
              'pump_durable_mb_per_second',
            ),
            beside(
              'both ends, by that pump (CPU s/GiB)',
              'p1s1_both_cpu_per_gib',
              'pump_hash_write_cpu_per_gib',
            ),
            beside(
              'seeder of eight, by the sender of the pump (CPU s/GiB)',
              'p8s1_seeder_cpu_per_gib',
              'pump_sender_cpu_per_gib',
            ),
            beside('eight peers, two shards by one (MB/s)', 'p8s2_mb_per_second', 'p8s1_mb_per_second'),
            beside(
              'one peer, by the hash of the file alone (MB/s)',
              'p1s1_mb_per_second',
              'hash_mb_per_second',
            ),
          ],
          checks: [{ name: 'every download has the bytes of its source', ok: same }],
        };
      } finally {
        await Promise.all([seeder, ...leechers].map((node) => node.stop()));
      }
    }),
};
export default transfer;

async function sessionsGone(client: NodeClient): Promise<void> {
  const from = performance.now();
  while ((await client.call('stats', {})).sessions > 0) {
    if (performance.now() - from > GONE_WITHIN_MS) throw new Error('sessions of the last case did not end');
    await sleep(systemClock, 200);
  }
}

/** Chunks that each transport shard has served so far. */
async function servedByShard(client: NodeClient): Promise<number[]> {
  const { actors } = await client.call('stats', {});
  return actors
    .filter(({ name }) => name.startsWith('transport/'))
    .map(({ metrics }) => metrics.chunks_served ?? 0);
}

/** The file is in the page cache, and the disk owes nothing of what was written before. */
async function ready(path: string): Promise<void> {
  await promisify(execFile)('sync');
  await warm(path);
}

/** The same bytes in all for one peer and for eight, and a tenth of them for the exponent. */
async function sources(root: string, size: number) {
  const make = async (name: string, bytes: number, seed: number) => {
    const path = join(await folder(root, name), 'file.bin');
    await writeBytes(path, bytes, seed);
    return { path, size: bytes, sha256: await sha256Of(path) };
  };
  return {
    whole: await make('whole', size, 1),
    eighth: await make('eighth', Math.ceil(size / 8), 2),
    tenth: await make('tenth', Math.ceil(size / 10), 3),
  };
}
