import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { NodeClient } from '../../src/cli/client.ts';
import { TestNode } from './test-node.ts';

/** Looks again until it holds; a loaded machine takes its time. */
const until = (work: () => Promise<void> | void) => vi.waitFor(work, { timeout: 40_000, interval: 200 });

let folder: string;
const nodes: TestNode[] = [];
const clients: NodeClient[] = [];

async function start(bootstrap: readonly string[]): Promise<{ node: TestNode; client: NodeClient }> {
  const node = await TestNode.start({
    shards: 1,
    dht: { scope: 'test', bootstrap: [...bootstrap] },
  });
  nodes.push(node);
  const client = await node.client();
  clients.push(client);
  return { node, client };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-dht-'));
});
afterAll(async () => {
  for (const client of clients) client.close();
  await Promise.all(nodes.map((node) => node.remove()));
  await rm(folder, { recursive: true, force: true });
});

test('a share whose link names nobody is found, listed and downloaded by nodes that know one hub', async () => {
  const hub = await start([]);
  const publisher = await start(hub.node.node.addresses);
  const reader = await start(hub.node.node.addresses);
  await until(async () => {
    for (const { client } of [publisher, reader])
      expect((await client.call('dht', {})).nodes).toBeGreaterThan(0);
  });

  await mkdir(join(folder, 'records'));
  await writeFile(join(folder, 'records', 'blue train.flac'), 'the first record');
  const { link } = await publisher.client.call('publish', {
    paths: [join(folder, 'records')],
    public: true,
  });
  const named = new URL(link.replace('scp2p', 'https'));
  const bare = link.slice(0, link.length - named.search.length);
  expect(bare).not.toContain('?');
  // Manifest, head, who has them, and who has the file.
  await until(async () => expect((await hub.client.call('dht', {})).values).toBe(4));
  expect(await hub.client.call('dht', {})).toMatchObject({ heads_checked: 1, heads_unchecked: 0 });
  expect((await publisher.client.call('dht', {})).published).toBe(1);

  const subscribed = await reader.client.call('subscribe', { link: bare });
  expect(subscribed).toMatchObject({ items: 1, error: null });
  const out = join(folder, 'out');
  await reader.client.call('get', { target: subscribed.share_id, directory: out });
  expect(await readFile(join(out, 'blue train.flac'), 'utf8')).toBe('the first record');

  // A newer revision gets there the same way.
  await writeFile(join(folder, 'records', 'giant steps.flac'), 'the second record');
  await publisher.client.call('publish', { paths: [join(folder, 'records')], public: true });
  await until(async () => {
    const [synced] = (await reader.client.call('sync', {})).shares;
    expect(synced).toMatchObject({ seq_after: 2 });
  });
}, 120_000);
