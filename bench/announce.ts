import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnnounceResult } from '../src/control-link/results.ts';
import type { Bench } from './bench.ts';
import { TimedNode } from './catalog/timed-node.ts';
import { folder } from './node-process.ts';
import { figuresText, medians, round } from './statistics.ts';
import { inWorkplace } from './workplace.ts';

const DEFAULT_SIZE = 100_000;
const FILES_A_FOLDER = 1_000;
const RECEIVERS = 4;
const WINDOW_MS = 60_000;
const START_MS = 300_000;
/** From the start of a node to its rest. */
const REST_MS = 20_000;
/** Values a second that 100,000 files cost: eight nodes each, once in twenty hours. */
const STEADY = (100_000 * 8) / (20 * 3600);
const MOST_PERCENT = 5;

/**
 * What it costs a real node to keep its files announced: published files, and four real nodes that are told of them as
 * fast as each may be. One run is a minute, beside a minute of the same node with announcing turned off; `--repeat 10`
 * is ten minutes. Size: files.
 */
const announce: Bench = {
  name: 'announce',
  run: ({ size = DEFAULT_SIZE, repeat = 1, log }) =>
    inWorkplace(async (root) => {
      const files = await folder(root, 'files');
      for (let index = 0; index < size; index++) {
        const place = join(files, `folder-${Math.floor(index / FILES_A_FOLDER)}`);
        if (index % FILES_A_FOLDER === 0) await mkdir(place);
        await writeFile(join(place, `item ${index}.txt`), `content ${index}`);
      }
      const homes = Array.from({ length: RECEIVERS }, (_, n) => join(root, `receiver-${n}`));
      const receivers: TimedNode[] = [];
      const home = await folder(root, 'node');
      try {
        const common = { GRANARY_NETWORK_SCOPE: 'test', GRANARY_DHT_MAX_VALUES: '100000' };
        const seeds: string[] = [];
        for (const each of homes) {
          await mkdir(each);
          const bootstrap = seeds.length > 0 ? { GRANARY_NETWORK_BOOTSTRAP: seeds[0]! } : {};
          const node = await TimedNode.start(each, { ...common, ...bootstrap });
          receivers.push(node);
          seeds.push((await node.client.call('id', {})).addresses[0]!);
        }
        const env = { ...common, GRANARY_NETWORK_BOOTSTRAP: seeds.join(',') };
        const silent = { ...env, GRANARY_DHT_ANNOUNCE: 'none' };
        const publisher = await TimedNode.start(home, silent);
        await publisher.client.call('publish', { paths: [files], public: true }, { onEvent: () => {} });
        await publisher.stop();
        log(`${size} files are published, load ${loadavg()[0]!.toFixed(1)}`);
        // Another life: what a publish leaves to do in the background is no rest.
        const off = await TimedNode.start(home, silent);
        await sleep(REST_MS);
        const quiet = await percentOf(off, WINDOW_MS);
        await off.stop();

        const node = await TimedNode.start(home, env);
        const status = async () => (await node.client.call('dht', {})).announce;
        await waitFor(async () => (await status()).stores > 0);
        const runs: Record<string, number>[] = [];
        let last: AnnounceResult = await status();
        for (let run = 0; run < repeat; run++) {
          const before = last;
          const from = performance.now();
          const percent = await percentOf(node, WINDOW_MS);
          last = await status();
          const seconds = (performance.now() - from) / 1000;
          const perSecond = (last.stores - before.stores) / seconds;
          const each = perSecond === 0 ? 0 : Math.max(0, percent - quiet) / 100 / perSecond;
          const figures = {
            ...{ cpu_percent: percent, quiet_cpu_percent: quiet, values_per_second: perSecond },
            ...{ cpu_ms_per_value: each * 1000, rss: await node.rss(), load: loadavg()[0]! },
            // What a large network would be told by 100,000 files.
            steady_cpu_percent: quiet + each * STEADY * 100,
          };
          runs.push(figures);
          log(`run ${run + 1}: ${figuresText(figures)}`);
        }
        await node.stop();
        const median = medians(runs);
        return {
          runs,
          median,
          beside: [
            {
              name: 'the same node with announcing turned off (percent of a core)',
              value: quiet,
              ratio: round(median.cpu_percent! / Math.max(0.01, quiet)),
            },
          ],
          checks: [
            { name: 'every file is in the index', ok: last.items === size },
            { name: 'values were given', ok: last.stores > 0 },
            {
              name: 'no receiver was told more than sixty a minute',
              ok: median.values_per_second! <= RECEIVERS * 1.05,
            },
            { name: `at most ${MOST_PERCENT} percent of a core`, ok: median.cpu_percent! <= MOST_PERCENT },
          ],
        };
      } finally {
        await Promise.allSettled(receivers.map((node) => node.stop()));
      }
    }),
};
export default announce;

/** CPU of a node's process over a time, in percent of a core. */
async function percentOf(node: TimedNode, ms: number): Promise<number> {
  const cpu = await node.cpu();
  const from = performance.now();
  await sleep(ms);
  return (((await node.cpu()) - cpu) / ((performance.now() - from) / 1000)) * 100;
}

async function waitFor(look: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + START_MS;
  while (!(await look())) {
    if (performance.now() > end) throw new Error('nothing was announced in five minutes');
    await sleep(500);
  }
}
