import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NodeClient } from '../../src/cli/client.ts';
import { Node } from '../e2e/granary-process.ts';
import { until } from '../supervisor/two-actors.ts';
import { change, digests, makeShelf, touch } from './shelf.ts';
import { faultOf, ThreeOperations } from './three-operations.ts';

// kill -9 in the midst of a transfer, a publish and searches: the folder starts again with all it was told to keep.

const MIB = 2 ** 20;
const SHELF = [48 * MIB, ...Array.from({ length: 20 }, (_, n) => 1000 * n)];
const OWN = [16 * MIB, ...Array.from({ length: 100 }, (_, n) => 20_000 + n)];

let work: string;
let shelf: string;
let own: string;
let publisher: Node;
let reader: Node;
let shareId: string;
let wanted: Record<string, string>;
let round = 0;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-killed-work-'));
  shelf = join(work, 'shelf');
  own = join(work, 'own');
  await Promise.all([makeShelf(shelf, SHELF, 1), makeShelf(own, OWN, 2)]);
  wanted = await digests(shelf);
  [publisher, reader] = await Promise.all([Node.start(), Node.start()]);
  const { share_id, link } = await call(publisher, (client) =>
    client.call('publish', { paths: [shelf], share: 'shelf' }, { onEvent() {} }),
  );
  shareId = share_id;
  const { error } = await call(reader, (client) => client.call('subscribe', { link }));
  expect(error).toBeNull();
}, 60_000);

afterAll(async () => {
  await reader?.remove();
  await publisher?.remove();
  await rm(work, { recursive: true, force: true });
});

describe('the node whose operations run is killed', () => {
  test.each(['walk', 'hash', 'commit'] as const)(
    'while the publish is at its %s',
    async (phase) => {
      const target = join(work, `out-${++round}`);
      const before = await revision();
      await change(join(own, 'blue train 2-0.flac'), round);
      await touch(own, 1_600_000_000 + round);
      const client = await NodeClient.connect(reader.home);
      const running = await ThreeOperations.start(client, { shareId, target, folder: own }, phase);
      await reader.kill();
      await running.end();
      const outcomes = [await running.get, await running.publish, ...running.searches];
      for (const { error } of outcomes) if (error) expect(faultOf(error)).toBeNull();
      expect((await running.get).error?.code).toBe('E_ACTOR_DOWN');

      reader = await Node.start({ home: reader.home });
      // A revision is there whole or not at all.
      const after = await revision();
      expect([before, before + 1]).toContain(after);
      if ((await running.publish).result) expect(after).toBe(before + 1);
      const published = await call(reader, (again) =>
        again.call('publish', { paths: [own], share: 'own' }, { onEvent() {} }),
      );
      expect(published).toMatchObject({ items: OWN.length, seq: before + 1, skipped: [] });
      await everythingWorks(target);
    },
    60_000,
  );
});

test('the node that is fetched from is killed, and comes back', async () => {
  const target = join(work, `out-${++round}`);
  const client = await NodeClient.connect(reader.home);
  const running = await ThreeOperations.start(client, { shareId, target, folder: own });
  await publisher.kill();
  await running.end();
  client.close();
  const { error } = await running.get;
  expect(error && faultOf(error)).toBeNull();
  expect((await running.publish).error).toBeNull();
  publisher = await Node.start({ home: publisher.home, listen: publisher.address });
  await everythingWorks(target);
}, 60_000);

/** The get that was cut short succeeds in the same folder, and news and searches do. */
async function everythingWorks(target: string): Promise<void> {
  await call(reader, async (client) => {
    await client.call('get', { target: shareId, directory: target }, { onEvent() {} });
    expect(await digests(target)).toEqual(wanted);
    const { shares } = await client.call('sync', {});
    expect(shares).toEqual([expect.objectContaining({ share_id: shareId, error: null })]);
    await until(async () => (await client.call('search', { query: 'blue train' })).complete);
    const { hits } = await client.call('search', { query: 'blue train 1', limit: 200 });
    expect(hits).toHaveLength(SHELF.length);
  });
  await rm(target, { recursive: true });
}

/** Number of the own share's revision. */
async function revision(): Promise<number> {
  const { shares } = await call(reader, (client) => client.call('shares', {}));
  return shares.find(({ name }) => name === 'own')?.seq ?? 0;
}

async function call<T>(node: Node, work: (client: NodeClient) => Promise<T>): Promise<T> {
  const client = await NodeClient.connect(node.home);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
