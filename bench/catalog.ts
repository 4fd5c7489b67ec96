import { mkdir, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from './bench.ts';
import { builtPackage } from './catalog/built-package.ts';
import { GOALS } from './catalog/goals.ts';
import { TimedNode } from './catalog/timed-node.ts';
import { folder } from './node-process.ts';
import { judge, lineOf } from './search/bars.ts';
import { figuresText, medians, median as middle, percentile, round } from './statistics.ts';
import { inWorkplace } from './workplace.ts';

const DEFAULT_SIZE = 100_000;
const FILES_A_FOLDER = 1_000;
const PAGE = 50;
const CALLS = 300;
/** The folder of the files and the name of their share. */
const SHARE = 'catalog';
const IDLE_MS = 10_000;
const LOADED_MS = 60_000;
/** Starts for the processor time that a catalog adds to one: they differ by a tenth among themselves. */
const STARTS = 5;

/**
 * What a catalog costs a node that does nothing with it: one node with as many own items, one that is subscribed to
 * them, an empty one beside them, all of them the package as it is published (built first when this is a clone; what a start
 * of the clone takes stands beside). Size: items. The clients are this process: what is timed includes the control socket
 * and its codec.
 */
const catalog: Bench = {
  name: 'catalog',
  run: ({ size = DEFAULT_SIZE, repeat = 3, log }) =>
    inWorkplace(async (root) => {
      const homes = await filled(root, size, log);
      const program = await builtPackage(root);
      const runs: Record<string, number>[] = [];
      let listed = 0;
      let found = 0;
      let changed = 0;
      for (let run = 0; run < repeat; run++) {
        const added = await addedCpu(homes, program);
        const clone = await TimedNode.start(homes.own);
        await clone.stop();
        const empty = await lifeOf(program, homes.empty);
        const own = await ownLife(program, homes.own, homes.files, run);
        const subscribed = await subscribedLife(program, homes.subscribed, size);
        listed = own.listed;
        found = subscribed.found;
        changed = own.changed;
        runs.push({
          load: loadavg()[0]!,
          ...prefixed('empty', empty),
          ...prefixed('own', own.figures),
          ...prefixed('subscribed', subscribed.figures),
          ...homes.figures,
          added_ready_cpu_ms: added,
          clone_ready_ms: clone.readyMs,
          own_octets_per_item: (own.figures.rss - empty.rss) / size,
          subscribed_octets_per_item: (subscribed.figures.rss - empty.rss) / size,
        });
        log(`run ${run + 1}: ${figuresText(runs.at(-1)!)}`);
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
          {
            name: 'the same from the sources of this clone, with the items (ms)',
            value: median.clone_ready_ms!,
            ratio: round(median.own_ready_ms! / median.clone_ready_ms!),
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

/** What the items add to the processor time until a node is ready, own or subscribed ones: medians of starts in turn. */
async function addedCpu(
  homes: Readonly<Record<'own' | 'subscribed' | 'empty', string>>,
  program: string,
): Promise<number> {
  const used: Record<'own' | 'subscribed' | 'empty', number[]> = { own: [], subscribed: [], empty: [] };
  for (let start = 0; start < STARTS; start++) {
    for (const kind of ['empty', 'own', 'subscribed'] as const) {
      const node = await TimedNode.start(homes[kind], {}, program);
      used[kind].push((await node.cpu()) * 1000);
      await node.stop();
    }
  }
  return Math.max(middle(used.own), middle(used.subscribed)) - middle(used.empty);
}

interface Life {
  readonly ready_ms: number;
  readonly ready_cpu_ms: number;
  readonly rss: number;
  readonly idle_percent: number;
  readonly stop_ms: number;
}

type Figures = Readonly<Record<string, number>>;
const nothing = async (): Promise<Figures> => ({});

/** Start, what is listed, a rest of ten seconds, what is changed, stop. */
async function lifeOf(
  program: string,
  home: string,
  list: (node: TimedNode) => Promise<Figures> = nothing,
  change: (node: TimedNode) => Promise<Figures> = nothing,
): Promise<Life & Figures> {
  const node = await TimedNode.start(home, {}, program);
  const readyCpu = await node.cpu();
  const listed = await list(node);
  const cpu = await node.cpu();
  const from = performance.now();
  await sleep(IDLE_MS);
  const idle = (await node.cpu()) - cpu;
  const seconds = (performance.now() - from) / 1000;
  const rss = await node.rss();
  const changed = await change(node);
  return {
    ...listed,
    ...changed,
    ready_ms: node.readyMs,
    ready_cpu_ms: readyCpu * 1000,
    rss,
    idle_percent: (idle / seconds) * 100,
    stop_ms: await node.stop(),
  };
}

async function ownLife(program: string, home: string, files: string, run: number) {
  let listed = 0;
  let changed = 0;
  const figures = await lifeOf(
    program,
    home,
    async (node) => {
      const { client } = node;
      await client.call('items', { share: SHARE, limit: PAGE });
      const firstPage = node.age;
      const cursors = await cursorsOf(node);
      listed = cursors.rows;
      const page = (i: number) => cursors.list[(i * 7919) % cursors.list.length]!;
      return {
        first_page_ms: firstPage,
        ...(await timed('page', node, (i) =>
          client.call('items', { share: SHARE, limit: PAGE, cursor: page(i) }),
        )),
      };
    },
    async (node) => {
      const { client } = node;
      const { revision } = await client.call('changes', {});
      await writeFile(join(files, 'folder-0', 'item 0 of many.txt'), `changed in run ${run}, ${Date.now()}`);
      await client.call('publish', { paths: [], share: SHARE }, { onEvent: () => {} });
      changed = (await client.call('changes', { since: revision })).items.length;
      const { revision: now } = await client.call('changes', {});
      return {
        ...(await timed('changes', node, () => client.call('changes', { since: revision }))),
        ...(await timed('no_changes', node, () => client.call('changes', { since: now }))),
      };
    },
  );
  return { figures, listed, changed };
}

async function subscribedLife(program: string, home: string, size: number) {
  let found = 0;
  const figures = await lifeOf(program, home, async (node) => {
    const { client } = node;
    while (!(await client.call('search', { query: 'item' })).complete) {
      if (node.age > LOADED_MS) throw new Error('the catalog is not searchable after a minute');
      await sleep(10);
    }
    const loaded = { loaded_ms: node.age, loaded_cpu_ms: (await node.cpu()) * 1000 };
    const [subscription] = (await client.call('subs', {})).subscriptions;
    const { share_id: share, items } = subscription!;
    found = items;
    const cursor = (i: number) =>
      10_000 * (1 + (i % Math.max(1, Math.floor(size / 3_000)))) + ((i * 7919) % 2_500);
    return {
      ...loaded,
      ...(await timed('page', node, (i) => client.call('items', { share, limit: PAGE, cursor: cursor(i) }))),
      ...(await timed('search', node, (i) =>
        client.call('search', { query: `item ${(i * 7919) % size}`, limit: PAGE }),
      )),
    };
  });
  return { figures, found };
}

/** Every cursor, from the first page to the last, and how many rows there were. */
async function cursorsOf({ client }: TimedNode): Promise<{ list: readonly number[]; rows: number }> {
  const list: number[] = [];
  let rows = 0;
  for (let cursor: number | null = 0; cursor !== null; ) {
    list.push(cursor);
    const page: { items: readonly unknown[]; next: number | null } = await client.call('items', {
      share: SHARE,
      limit: PAGE,
      cursor,
    });
    rows += page.items.length;
    cursor = page.next;
  }
  return { list, rows };
}

/** By the clock, and what a call costs the node of the processor on average, whatever else is done on the machine. */
async function timed(name: string, node: TimedNode, call: (i: number) => Promise<unknown>): Promise<Figures> {
  const times: number[] = [];
  const cpu = await node.cpu();
  for (let i = 0; i < CALLS; i++) {
    const from = performance.now();
    await call(i);
    times.push(performance.now() - from);
  }
  const used = (await node.cpu()) - cpu;
  return {
    [`${name}_p50_ms`]: percentile(times, 0.5),
    [`${name}_p99_ms`]: percentile(times, 0.99),
    [`${name}_cpu_ms`]: (used * 1000) / CALLS,
  };
}

const prefixed = (prefix: string, figures: Figures): Figures =>
  Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}_${name}`, value]));
