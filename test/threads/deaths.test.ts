import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NodeClient } from '../../src/cli/client.ts';
import { openDescriptors } from '../actors/transport/open-descriptors.ts';
import { until } from '../supervisor/two-actors.ts';
import { change, digests, makeShelf, touch } from './shelf.ts';
import { TestNode } from './test-node.ts';
import { faultOf, type Outcome, ThreeOperations } from './three-operations.ts';

// Every actor of a real node is cut in the midst of a transfer, a publish and searches: each of them ends well or says
// what to do, and afterwards the node is as it was.

const MIB = 2 ** 20;
const SHELF = [
  64 * MIB,
  8 * MIB,
  ...Array.from({ length: 30 }, (_, n) => 1000 * n),
  ...Array.from({ length: 40 }, (_, n) => 262_143 + n),
];
const OWN = [16 * MIB, ...Array.from({ length: 200 }, (_, n) => 20_000 + n)];

let work: string;
let shelf: string;
let own: string;
let publisher: TestNode;
let reader: TestNode;
let shareId: string;
let wanted: Record<string, string>;
let atRest: ReturnType<typeof held>;
let round = 0;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-threads-work-'));
  shelf = join(work, 'shelf');
  own = join(work, 'own');
  await Promise.all([makeShelf(shelf, SHELF, 1), makeShelf(own, OWN, 2)]);
  wanted = await digests(shelf);
  publisher = await TestNode.start();
  reader = await TestNode.start();
  const { share_id, link } = await once(publisher, (client) =>
    client.call('publish', { paths: [shelf], share: 'shelf', title: 'shelf' }, { onEvent() {} }),
  );
  shareId = share_id;
  const subscribed = await once(reader, (client) => client.call('subscribe', { link }));
  expect(subscribed.error).toBeNull();
  await inTheMidst(() => {});
  await whole();
  atRest = held();
}, 120_000);

afterAll(async () => {
  await reader?.remove();
  await publisher?.remove();
  await rm(work, { recursive: true, force: true });
}, 60_000);

const ACTORS = [
  'store',
  'hashing',
  'limits',
  'transport/0',
  'transport/1',
  'acceptor',
  'quic',
  'dht',
  'pex',
  'publish',
  'search',
  'sync',
  'transfer',
  'control',
];

test('these are all actors of the node', () => {
  expect([...reader.axe.actors].sort()).toEqual([...ACTORS].sort());
});

describe('a node whose operations run', () => {
  test.each(ACTORS)(
    '%s dies',
    async (actor) => {
      await dies(reader, actor);
    },
    120_000,
  );
});

describe('the node that others fetch from', () => {
  test.each(ACTORS)(
    '%s dies',
    async (actor) => {
      await dies(publisher, actor);
    },
    120_000,
  );
});

/** A publish that is about to hash cannot do without these. */
const IN_ITS_WAY = new Set(['publish', 'control']);

async function dies(node: TestNode, actor: string): Promise<void> {
  const restarts = () => node.actors.find(({ name }) => name === actor)!.restarts;
  const before = restarts();
  const timers = runningTimers();
  const { publish } = await inTheMidst(() => node.axe.cut(actor));
  if (node === reader && IN_ITS_WAY.has(actor)) expect(publish.error?.code).toBe('E_ACTOR_DOWN');
  await until(() => restarts() > before && node.actors.every(({ state }) => state === 'up'), 30_000);
  await whole();
  await nothingLeaks();
  expect(runningTimers()).toBeLessThanOrEqual(timers);
}

/** Of the main thread, which are the supervisor's and the runner's. */
const runningTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Something happens while the three run; what becomes of them is what it must be. */
async function inTheMidst(happens: () => void): Promise<{ publish: Outcome<unknown> }> {
  await change(join(own, 'blue train 2-0.flac'), ++round);
  await touch(own, 1_600_000_000 + round);
  const client = await reader.client();
  const target = join(work, `out-${round}`);
  const running = await ThreeOperations.start(client, { shareId, target, folder: own });
  happens();
  await running.end();
  client.close();
  const get = await running.get;
  const publish = await running.publish;
  judged(get);
  judged(publish);
  for (const search of running.searches) judged(search);
  if (get.result) expect(await digests(target)).toEqual(wanted);
  // The node goes on with what was cut off, by itself; here it has done its duty.
  else await ended();
  await rm(target, { recursive: true, force: true });
  return { publish };
}

/** Takes every transfer back; the actor may be between two lives. */
async function ended(): Promise<void> {
  await until(async () => {
    try {
      return (await once(reader, (client) => client.call('cancel_transfers', { ids: null }))) !== null;
    } catch {
      return false;
    }
  }, 30_000);
}

function judged(outcome: Outcome<unknown>): void {
  if (outcome.error) expect(faultOf(outcome.error)).toBeNull();
}

/** A new publish, sync, search and get work, as if nothing had been. */
async function whole(): Promise<void> {
  await touch(own, 1_700_000_000 + round);
  const client = await reader.client();
  const published = await client.call('publish', { paths: [own], share: 'own' }, { onEvent() {} });
  expect(published).toMatchObject({
    items: OWN.length,
    hashed_bytes: OWN.reduce((sum, size) => sum + size, 0),
    skipped: [],
  });
  const { shares } = await client.call('sync', {});
  expect(shares).toEqual([expect.objectContaining({ share_id: shareId, error: null })]);
  await until(async () => (await client.call('search', { query: 'blue train' })).complete);
  const page = await client.call('search', { query: 'blue train 1', limit: 200 });
  expect(page.hits).toHaveLength(SHELF.length);
  const target = join(work, `again-${round}`);
  const [name, digest] = Object.entries(wanted).find(([path]) => path.endsWith('-1.flac'))!;
  await client.call('get', { target: `${shareId}/${name}`, directory: target }, { onEvent() {} });
  expect(await digests(target)).toEqual({ [name]: digest });
  await rm(target, { recursive: true });
  client.close();
}

/** What waits or runs is what waited or ran before, and no more descriptors, threads are there. */
async function nothingLeaks(): Promise<void> {
  const more = () => Object.entries(held()).filter(([name, count]) => count > (atRest[name] ?? 0));
  await until(() => more().length === 0, 20_000).catch(() => {});
  expect(more()).toEqual([]);
}

/** Everything that is counted. Published files stay open in each shard that served them, a bounded number of them. */
function held(): Record<string, number> {
  const counts: Record<string, number> = {
    descriptors: openDescriptors().filter((path) => !path.startsWith(shelf)).length,
    threads: readdirSync('/proc/self/task').length,
  };
  for (const [whose, node] of Object.entries({ reader, publisher })) {
    for (const { name, mailbox, metrics } of node.actors) {
      counts[`${whose} ${name} mailbox`] = mailbox;
      if (name === 'acceptor') counts[`${whose} pending`] = metrics.pending!;
    }
  }
  return counts;
}

async function once<T>(node: TestNode, call: (client: NodeClient) => Promise<T>): Promise<T> {
  const client = await node.client();
  try {
    return await call(client);
  } finally {
    client.close();
  }
}
