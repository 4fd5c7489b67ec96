import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { GOALS } from './catalog/goals.ts';
import { TimedNode } from './catalog/timed-node.ts';
import { folder } from './node-process.ts';
import { judge, lineOf } from './search/bars.ts';
import { medians, percentile, round } from './statistics.ts';
import { inWorkplace } from './workplace.ts';

const DEFAULT_SIZE = 100_000;
const FILES_A_FOLDER = 1_000;
const PAGE = 50;
const PAGES = 300;
/** The folder of the files and the name of their share. */
const SHARE = 'catalog';
const IDLE_MS = 10_000;
const LOADED_MS = 60_000;

/**
 * What a catalog costs a node that does nothing with it: one node with as many own items, one that is subscribed to
 * them, an empty one beside them. Size: items. The clients are this process: what is timed includes the control socket
 * and its codec.
 */
const catalog: Bench = {
  name: 'catalog',
  run: ({ size = DEFAULT_SIZE, repeat = 3, log }) =>
    inWorkplace(async (root) => {
      const homes = await filled(root, size, log);
      const runs: Record<string, number>[] = [];
      let listed = 0;
      let found = 0;
      let changed = 0;
      for (let run = 0; run < repeat; run++) {
        const empty = await lifeOf(homes.empty);
        const own = await ownLife(homes.own, homes.files, run);
        const subscribed = await subscribedLife(homes.subscribed, size);
        listed = own.listed;
        found = subscribed.found;
        changed = own.changed;
        runs.push({
          load: loadavg()[0]!,
          ...prefixed('empty', empty),
          ...prefixed('own', own.figures),
          ...prefixed('subscribed', subscribed.figures),
          ...homes.figures,
          added_ready_ms: Math.max(own.figures.actors_ms, subscribed.figures.actors_ms) - empty.actors_ms,
          own_octets_per_item: (own.figures.rss - empty.rss) / size,
          subscribed_octets_per_item: (subscribed.figures.rss - empty.rss) / size,
        });
        log(`run ${run + 1}: ${textOf(runs.at(-1)!)}`);
      }
      const median = medians(runs);
      const judged = GOALS.map((goal) => judge(goal, goal.name, median[goal.name]!, size));
      log(`${size} items, load ${loadavg()[0]!.toFixed(1)}`);
      for (const each of judged) log(`  ${lineOf(each)}`);
      return {
        runs,
        median,
        beside: [
          {
            name: 'an empty node, from the start to ready (ms)',
            value: median.empty_ready_ms!,
            ratio: round(median.own_ready_ms! / median.empty_ready_ms!),
          },
        ],
        checks: [
          { name: 'pages give every item once', ok: listed === size },
          { name: 'the subscriber has every item', ok: found === size },
          { name: 'a file that changed is told, and no other', ok: changed === 1 },
          ...judged.map(({ name, met }) => ({ name: `goal ${name}`, ok: met })),
        ],
      };
    }),
};
export default catalog;

/** Three data folders: one of a node with the items, one of its subscriber, one of nobody. */
async function filled(root: string, size: number, log: (line: string) => void) {
  const files = await folder(root, SHARE);
  for (let index = 0; index < size; index++) {
    const place = join(files, `folder-${Math.floor(index / FILES_A_FOLDER)}`);
    if (index % FILES_A_FOLDER === 0) await mkdir(place);
    await writeFile(join(place, `item ${index} of many.txt`), `content ${index}`);
  }
  log(`${size} files are written; publishing and subscribing`);
  const [own, subscribed, empty] = ['own', 'subscribed', 'empty'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const home of [own, subscribed, empty]) await mkdir(home);
  const publisher = await TimedNode.start(own);
  const published = await publisher.client.call(
    'publish',
    { paths: [files], share: SHARE },
    { onEvent: () => {} },
  );
  const publishCpu = await publisher.cpu();
  const subscriber = await TimedNode.start(subscribed);
  const from = performance.now();
  // A pass over many volumes has an end: the next one goes on.
  await subscriber.client.call('subscribe', { link: published.link });
  while ((await subscriber.client.call('subs', {})).subscriptions[0]!.items < size) {
    await subscriber.client.call('sync', {});
  }
  const figures = {
    publish_seconds: published.seconds,
    publish_cpu_seconds: publishCpu,
    subscribe_seconds: (performance.now() - from) / 1000,
    subscribe_cpu_seconds: await subscriber.cpu(),
  };
  await subscriber.stop();
  await publisher.stop();
  return { files, own, subscribed, empty, figures };
}

interface Life {
  readonly ready_ms: number;
  readonly actors_ms: number;
  readonly rss: number;
  readonly idle_percent: number;
  readonly stop_ms: number;
}

/** Start, a rest of ten seconds, stop. */
async function lifeOf(
  home: string,
  between: (node: TimedNode) => Promise<void> = async () => {},
): Promise<Life> {
  const node = await TimedNode.start(home);
  await between(node);
  const cpu = await node.cpu();
  const from = performance.now();
  await sleep(IDLE_MS);
  const idle = (await node.cpu()) - cpu;
  const seconds = (performance.now() - from) / 1000;
  const rss = await node.rss();
  return {
    ready_ms: node.readyMs,
    actors_ms: node.actorsMs,
    rss,
    idle_percent: (idle / seconds) * 100,
    stop_ms: await node.stop(),
  };
}

async function ownLife(home: string, files: string, run: number) {
  let listed = 0;
  let changed = 0;
  let extra: Record<string, number> = {};
  const life = await lifeOf(home, async (node) => {
    const { client } = node;
    await client.call('items', { share: SHARE, limit: PAGE });
    const firstPage = node.age;
    const cpu = await node.cpu();
    const { times, cursors, rows } = await pagesOf(node);
    listed = rows;
    const pageCpu = (await node.cpu()) - cpu;
    const random = await timesOf(PAGES, (i) =>
      client.call('items', { share: SHARE, limit: PAGE, cursor: cursors[(i * 7919) % cursors.length]! }),
    );
    const { revision } = await client.call('changes', {});
    await writeFile(join(files, 'folder-0', 'item 0 of many.txt'), `changed in run ${run}, ${Date.now()}`);
    await client.call('publish', { paths: [], share: SHARE }, { onEvent: () => {} });
    changed = (await client.call('changes', { since: revision })).items.length;
    const since = await timesOf(PAGES, () => client.call('changes', { since: revision }));
    const none = (await client.call('changes', {})).revision;
    const idle = await timesOf(PAGES, () => client.call('changes', { since: none }));
    extra = {
      first_page_ms: firstPage,
      ...pair('page', random),
      walk_page_p99_ms: percentile(times, 0.99),
      walk_cpu_ms_per_page: (pageCpu * 1000) / times.length,
      ...pair('changes', since),
      ...pair('no_changes', idle),
    };
  });
  return { figures: { ...life, ...extra } as Life & Record<string, number>, listed, changed };
}

async function subscribedLife(home: string, size: number) {
  let found = 0;
  let extra: Record<string, number> = {};
  const life = await lifeOf(home, async (node) => {
    const { client } = node;
    while (!(await client.call('search', { query: 'item' })).complete) {
      if (node.age > LOADED_MS) throw new Error('the catalog is not searchable after a minute');
      await sleep(10);
    }
    const loaded = node.age;
    const { subscriptions } = await client.call('subs', {});
    const share = subscriptions[0]!.share_id;
    found = subscriptions[0]!.items;
    const pages = await timesOf(PAGES, (i) =>
      client.call('items', { share, limit: PAGE, cursor: 10_000 * (1 + (i % 30)) + ((i * 7919) % 2_500) }),
    );
    const searches = await timesOf(PAGES, (i) =>
      client.call('search', { query: `item ${(i * 7919) % size}`, limit: PAGE }),
    );
    extra = { loaded_ms: loaded, ...pair('page', pages), ...pair('search', searches) };
  });
  return { figures: { ...life, ...extra } as Life & Record<string, number>, found };
}

/** From the first page to the last. */
async function pagesOf({ client }: TimedNode) {
  const times: number[] = [];
  const cursors: number[] = [];
  let rows = 0;
  for (let cursor: number | null = 0; cursor !== null; ) {
    cursors.push(cursor);
    const from = performance.now();
    const page: { items: readonly unknown[]; next: number | null } = await client.call('items', {
      share: SHARE,
      limit: PAGE,
      cursor,
    });
    times.push(performance.now() - from);
    rows += page.items.length;
    cursor = page.next;
  }
  return { times, cursors, rows };
}

async function timesOf(count: number, call: (i: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await call(i);
    times.push(performance.now() - from);
  }
  return times;
}

const pair = (name: string, times: readonly number[]) => ({
  [`${name}_p50_ms`]: percentile(times, 0.5),
  [`${name}_p99_ms`]: percentile(times, 0.99),
});

const prefixed = (prefix: string, figures: Readonly<Record<string, number>> | Life) =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}_${name}`, value]));

const textOf = (figures: Readonly<Record<string, number>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${round(value)}`)
    .join(', ');
