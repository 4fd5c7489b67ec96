import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeClient } from '../src/cli/client.ts';
import type { Bench } from './bench.ts';
import { folder, NodeProcess } from './node-process.ts';
import { pump } from './pump-run.ts';
import { medians, round } from './statistics.ts';
import { inWorkplace, pumpIdentity, warm, writeBytes } from './workplace.ts';

const DEFAULT_SECONDS = 15;
/** What comes under a slow cap comes a second's worth at a time: it is looked at for longer by so much. */
const SLOW = { below: 256 * 1024, longer: 4 };
/** After the start of a transfer, before it is measured. */
const SETTLE_SECONDS = 2;
const PUMPED = 512 * 1024 * 1024;
/** No file is longer: the fastest cap is measured for a shorter time. */
const LONGEST = 1536 * 1024 * 1024;
const KiB = 1024;
const MiB = 1024 * KiB;

type Way = 'up' | 'down';

/** Two that serve and two that fetch, each a process of its own. */
interface Stage {
  readonly root: string;
  readonly servers: readonly [Actor, Actor];
  readonly fetchers: readonly [Actor, Actor];
}

interface Actor {
  readonly node: NodeProcess;
  readonly client: NodeClient;
}

/**
 * Whether caps hold: nodes over loopback under a cap of 64 KiB, 1 MiB and 50 MiB a second and half of what the bare pump
 * does (or what they do at all here, where that is less), up and down, on one and on two shards with a peer each. The rate is the slope through what came by then, four
 * times a second. Size: seconds that each is
 * measured, four times that under the slowest.
 */
const caps: Bench = {
  name: 'caps',
  run: ({ size = DEFAULT_SECONDS, repeat = 1, log }) =>
    inWorkplace(async (root) => {
      const stage = await openStage(root);
      try {
        const pumped = await pumpRate(root);
        const free = await freeRate(stage);
        log(`pump ${round(pumped / 1e6)} MB/s, a download without a cap ${round(free / 1e6)} MB/s`);
        // A cap above what these nodes do at all on this machine would say nothing.
        const fast = Math.min(pumped / 2, 0.6 * free);
        const runs: Record<string, number>[] = [];
        const ratios: number[] = [];
        for (let turn = 0; turn < repeat; turn++) {
          const figures: Record<string, number> = { fastest_cap_mb_per_second: fast / 1e6 };
          for (const [name, rate] of [
            ['64k', 64 * KiB],
            ['1m', MiB],
            ['50m', 50 * MiB],
            ['fastest', Math.floor(fast)],
          ] as const) {
            if (rate > fast) {
              log(`${name}: not measured, this machine is too busy for it`);
              continue;
            }
            for (const way of ['up', 'down'] as const) {
              for (const shards of [1, 2]) {
                const seconds = rate < SLOW.below ? size * SLOW.longer : size;
                const ratio = (await capped(stage, way, shards, rate, seconds)) / rate;
                ratios.push(ratio);
                figures[`${way}_${name}_${shards}_shards`] = ratio;
                log(`${way} ${name} ${shards} shards: ${round(ratio)}`);
              }
            }
          }
          figures.download_beside_upload = await besideUpload(stage, size);
          log(`download beside an upload at its cap: ${round(figures.download_beside_upload)}`);
          runs.push(figures);
        }
        const median = medians(runs);
        return {
          runs,
          median,
          beside: [],
          checks: [
            { name: 'every cap within 2 %', ok: ratios.every((ratio) => Math.abs(ratio - 1) <= 0.02) },
            {
              name: 'an upload at its cap costs a download 5 % at most',
              ok: median.download_beside_upload! >= 0.95,
            },
          ],
        };
      } finally {
        for (const { node, client } of [...stage.servers, ...stage.fetchers]) {
          client.close();
          await node.stop();
        }
      }
    }),
};
export default caps;

async function openStage(root: string): Promise<Stage> {
  const open = async (name: string): Promise<Actor> => {
    const node = await NodeProcess.start(join(root, name));
    return { node, client: await NodeClient.connect(node.home) };
  };
  return {
    root,
    servers: [await open('server-1'), await open('server-2')],
    fetchers: [await open('fetcher-1'), await open('fetcher-2')],
  };
}

async function pumpRate(root: string): Promise<number> {
  const file = join(root, 'pumped.bin');
  await writeBytes(file, PUMPED);
  await warm(file);
  const { mb_per_second } = await pump(file, PUMPED, await pumpIdentity(root));
  await rm(file);
  return mb_per_second * 1e6;
}

/** What a download does here without a cap. */
async function freeRate(stage: Stage): Promise<number> {
  const transfer = await prepare(stage, 'free', LONGEST, stage.servers[0], stage.fetchers[0]);
  await transfer.begin();
  await pause(SETTLE_SECONDS);
  const rate = await slope([stage.fetchers[0]], 4);
  await transfer.end();
  return rate;
}

/** The rate at which bytes go that way through the one capped node, with as many peers as it has shards. */
async function capped(stage: Stage, way: Way, shards: number, rate: number, wanted: number): Promise<number> {
  const seconds = Math.min(wanted, (0.7 * LONGEST * shards) / rate - SETTLE_SECONDS);
  const length = Math.ceil((rate * (seconds + SETTLE_SECONDS) * 1.3) / shards) + MiB;
  const one = way === 'up' ? stage.servers[0] : stage.fetchers[0];
  const pairs = Array.from({ length: shards }, (_, index) =>
    way === 'up' ? ([one, stage.fetchers[index]!] as const) : ([stage.servers[index]!, one] as const),
  );
  await one.client.call('tune', { values: { shards }, save: false });
  const transfers = await Promise.all(
    pairs.map(([server, fetcher], index) =>
      prepare(stage, `${way}-${shards}-${rate}-${index}`, length, server, fetcher),
    ),
  );
  await one.client.call('set_limits', { values: { [way]: `${rate}` }, save: false });
  for (const transfer of transfers) await transfer.begin();
  await pause(SETTLE_SECONDS);
  const measured = await slope(pairs.map(([, fetcher]) => fetcher).filter(unique), seconds);
  await one.client.call('set_limits', { values: { [way]: 'off' }, save: false });
  for (const transfer of transfers) await transfer.end();
  return measured;
}

/** A download at 20 MB/s while the same node uploads at a cap of 5 MB/s, by the same without the upload. */
async function besideUpload(stage: Stage, seconds: number): Promise<number> {
  const [server, middle] = stage.servers;
  const [fetcher] = stage.fetchers;
  await server.client.call('set_limits', { values: { up: '20MB/s' }, save: false });
  await middle.client.call('set_limits', { values: { up: '5MB/s' }, save: false });
  const length = Math.ceil(20e6 * (2 * seconds + 10));
  const down = await prepare(stage, 'beside-down', length, server, middle);
  const up = await prepare(stage, 'beside-up', Math.ceil(5e6 * (seconds + 10)), middle, fetcher);
  await down.begin();
  await pause(SETTLE_SECONDS);
  const alone = await slope([middle], seconds);
  await up.begin();
  await pause(SETTLE_SECONDS);
  const beside = await slope([middle], seconds);
  for (const { client } of [server, middle])
    await client.call('set_limits', { values: { up: 'off' }, save: false });
  await up.end();
  await down.end();
  return beside / alone;
}

interface Transfer {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** A file that the one has published and the other is going to fetch. */
async function prepare(
  stage: Stage,
  name: string,
  length: number,
  server: Actor,
  fetcher: Actor,
): Promise<Transfer> {
  const source = await folder(stage.root, `${name}-source`);
  await writeBytes(join(source, 'file.bin'), length, name.length + length);
  const { share_id, link } = await server.node.run<{ share_id: string; link: string }>('publish', source);
  await warm(join(source, 'file.bin'));
  await fetcher.client.call('subscribe', { link });
  const directory = join(stage.root, `${name}-target`);
  let ids: readonly string[] = [];
  return {
    async begin() {
      const { transfers } = await fetcher.client.call('add', { target: share_id, directory });
      ids = transfers.map(({ id }) => id);
    },
    async end() {
      await fetcher.client.call('cancel_transfers', { ids: [...ids] });
      await fetcher.client.call('unsubscribe', { share: share_id });
      await server.client.call('unshare', { share: share_id });
      for (const place of [source, directory]) await rm(place, { recursive: true, force: true });
    },
  };
}

/** Bytes a second that come to these nodes: least squares, so that no single piece at an end decides it. */
async function slope(nodes: readonly Actor[], seconds: number): Promise<number> {
  const points: { at: number; bytes: number }[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    let bytes = 0;
    for (const { client } of nodes) bytes += (await client.call('stats', {})).bytes.down;
    points.push({ at: performance.now() / 1000, bytes });
    await pause(0.25);
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [at, bytes] = [mean(points.map((point) => point.at)), mean(points.map((point) => point.bytes))];
  const above = points.reduce((sum, point) => sum + (point.at - at) * (point.bytes - bytes), 0);
  return above / points.reduce((sum, point) => sum + (point.at - at) ** 2, 0);
}

const unique = <T>(value: T, index: number, all: readonly T[]): boolean => all.indexOf(value) === index;
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
