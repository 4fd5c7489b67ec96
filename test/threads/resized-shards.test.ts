import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { contentOf, TestShard, workFolder } from '../actors/transport/world.ts';
import { TestNode } from './test-node.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const PEERS = 8;
let node: TestNode;
let folder: Awaited<ReturnType<typeof workFolder>>;
const bytes = randomBytes(3_000_000);
const content = contentOf(bytes);

beforeAll(async () => {
  folder = await workFolder();
  node = await TestNode.start({ shards: 1 });
  const source = join(folder.root, 'share');
  await mkdir(source);
  await writeFile(join(source, 'file.bin'), bytes);
  const client = await node.client();
  const publish = client.call('publish', { paths: [source] });
  await publish;
  client.close();
});
afterAll(async () => {
  await node?.remove();
  await folder?.remove();
});

const accepted = () => node.actors.find(({ name }) => name === 'acceptor')!.metrics.accepted!;
const sessions = () =>
  node.actors
    .filter(({ name, state }) => name.startsWith('transport/') && state === 'up')
    .map(({ metrics }) => metrics.sessions!);
const running = async () => (await node.node.tuning()).find(({ name }) => name === 'shards')!.running;

/** A peer that fetches the file again and again, and rests after each time. */
class Peer {
  fetched = 0;
  readonly failures: string[] = [];
  readonly #shard: TestShard;
  readonly #end = new AbortController();
  #done: Promise<void> = Promise.resolve();

  constructor(shard: TestShard) {
    this.#shard = shard;
  }

  start(address: string): void {
    this.#done = (async () => {
      while (!this.#end.signal.aborted) {
        try {
          await this.#shard.fetch(address, [{ ...content, path: await folder.file(Buffer.alloc(0)) }]);
          this.fetched++;
        } catch (error) {
          this.failures.push(String(error));
        }
      }
    })();
  }

  async rest(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }

  stop(): Promise<void> {
    return this.#shard.stop();
  }
}

async function peers(): Promise<Peer[]> {
  const [address] = node.node.addresses;
  const all = await Promise.all(Array.from({ length: PEERS }, async () => new Peer(await TestShard.start())));
  for (const peer of all) peer.start(address!);
  return all;
}

/** Until each of them has fetched the file so many times more. */
const fetchesMore = async (all: readonly Peer[], times: number) => {
  const before = all.map(({ fetched }) => fetched);
  await vi.waitFor(
    () => expect(all.every((peer, index) => peer.fetched >= before[index]! + times)).toBe(true),
    { timeout: 120_000, interval: 20 },
  );
};

test('1, 3, 1 shards under eight loaded peers: no request fails, and no session is dialled twice', async () => {
  const first = await peers();
  await fetchesMore(first, 1);
  expect(await running()).toBe(1);

  await node.node.tune({ shards: 3 });
  await vi.waitFor(async () => expect(await running()).toBe(3), { timeout: 60_000, interval: 20 });
  // New shards take new connections; those there are stay where they are.
  const second = await peers();
  await fetchesMore([...first, ...second], 1);
  expect(sessions()[0]).toBeGreaterThanOrEqual(PEERS);
  expect(Math.min(...sessions().slice(1))).toBeGreaterThan(0);
  expect(accepted()).toBe(2 * PEERS);

  await node.node.tune({ shards: 1 });
  await fetchesMore([...first, ...second], 1);
  expect([...first, ...second].flatMap(({ failures }) => failures)).toEqual([]);
  // The load goes on at the last shard alone once the sessions of the others rest.
  await Promise.all(second.map((peer) => peer.rest()));
  await vi.waitFor(async () => expect(await running()).toBe(1), { timeout: 90_000, interval: 50 });
  await fetchesMore(first, 1);
  await Promise.all(first.map((peer) => peer.rest()));
  expect([...first, ...second].flatMap(({ failures }) => failures)).toEqual([]);
  expect(accepted()).toBeLessThanOrEqual(3 * PEERS);
  // What the ended shards counted is not forgotten.
  const served = node.actors.reduce((sum, { metrics }) => sum + (metrics.chunks_served ?? 0), 0);
  const fetched = [...first, ...second].reduce((sum, peer) => sum + peer.fetched, 0);
  expect(served).toBeGreaterThanOrEqual(fetched * Math.ceil(bytes.length / 262_144));
  await Promise.all([...first, ...second].map((peer) => peer.stop()));
});
