import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PeerRow, StatsResult } from '../../src/control-link/results.ts';
import { until } from '../supervisor/two-actors.ts';
import { Node } from './granary-process.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

let work: string;
let publisher: Node;
let reader: Node;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'granary-quic-'));
  [publisher, reader] = await Promise.all([
    Node.start({ args: ['--listen', 'quic://127.0.0.1:0'] }),
    Node.start({ listen: 'quic://127.0.0.1:0', args: ['--set', 'transport.policy=quic-only'] }),
  ]);
}, 60_000);
afterAll(async () => {
  await Promise.all([publisher?.remove(), reader?.remove()]);
  await rm(work, { recursive: true, force: true });
});

const quicOf = async (node: Node) => (await node.must<StatsResult>('stats')).quic!;

test('what is published over both is downloaded over QUIC by who wants that alone', async () => {
  const [tcp, quic] = publisher.ready.addresses;
  expect([tcp, quic].map((address) => address?.replace(/\d+$/, ''))).toEqual([
    'tcp://127.0.0.1:',
    'quic://127.0.0.1:',
  ]);
  const bytes = randomBytes(9_000_001);
  await writeFile(join(work, 'a.bin'), bytes);
  const { link, share_id } = await publisher.must<{ link: string; share_id: string }>(
    'publish',
    join(work, 'a.bin'),
  );
  expect(decodeURIComponent(link)).toContain(`${quic}@${publisher.ready.node_key}`);
  await reader.must('subscribe', link);
  await reader.must('get', share_id, '--output', join(work, 'out'));
  expect(sha256(await readFile(join(work, 'out', 'a.bin')))).toBe(sha256(bytes));
  const { peers } = await reader.must<{ peers: PeerRow[] }>('peers');
  expect(peers.map(({ transport, bound, native }) => ({ transport, bound, native }))).toEqual([
    { transport: 'quic', bound: 'sealed', native: true },
  ]);
  const stats = await publisher.must<StatsResult>('stats');
  expect(stats.transports).toEqual({ tcp: 0, quic: 1 });
  expect(stats.quic).toMatchObject({ state: 'up', restarts: 0, reason: null });
}, 60_000);

test('the QUIC process dies: it is back on its port, TCP has noticed nothing, and peers come back', async () => {
  const [tcp, quic] = publisher.ready.addresses;
  const other = await Node.start();
  try {
    await other.must('connect', tcp!);
    const { pid } = await quicOf(publisher);
    process.kill(pid!, 'SIGKILL');
    await until(async () => {
      const now = await quicOf(publisher);
      return now.state === 'up' && now.pid !== pid;
    }, 20_000);
    expect((await publisher.must<{ addresses: string[] }>('id')).addresses).toEqual([tcp, quic]);
    const { peers } = await other.must<{ peers: PeerRow[] }>('peers');
    expect(peers.map(({ transport }) => transport)).toEqual(['tcp']);
    await other.must('connect', quic!);
  } finally {
    await other.remove();
  }
}, 60_000);

test('nodes that are there over QUIC alone find each other through a third, and a share of theirs through the DHT', async () => {
  const scope = ['--set', 'network.scope=test'];
  const hub = await Node.start({ args: ['--listen', 'quic://127.0.0.1:0', ...scope] });
  const quic = hub.ready.addresses.find((each) => each.startsWith('quic:'))!;
  const only = ['--bootstrap', `${quic}@${hub.ready.node_key}`, '--set', 'transport.policy=quic-only'];
  const start = () => Node.start({ listen: 'quic://127.0.0.1:0', args: [...scope, ...only] });
  const [giver, taker] = await Promise.all([start(), start()]);
  try {
    const bytes = randomBytes(700_000);
    await writeFile(join(work, 'found.bin'), bytes);
    const path = join(work, 'found.bin');
    const { link, share_id } = await giver.must<{ link: string; share_id: string }>(
      'publish',
      path,
      '--public',
    );
    const bare = link.replace(/\?.*$/, '');
    await taker.must('subscribe', bare);
    const known = async () => (await taker.must<{ peers: { address: string }[] }>('peers', '--known')).peers;
    const address = giver.ready.addresses[0]!;
    await until(async () => (await known()).some((peer) => peer.address === address), 60_000);
    await until(async () => (await taker.run('sync', share_id)).code === 0, 60_000);
    await taker.must('get', share_id, '--output', join(work, 'got'));
    expect(sha256(await readFile(join(work, 'got', 'found.bin')))).toBe(sha256(bytes));
  } finally {
    await Promise.all([hub, giver, taker].map((node) => node.remove()));
  }
}, 180_000);

test('a node that is killed takes its QUIC process along', async () => {
  const { pid } = await quicOf(publisher);
  expect(isAlive(pid!)).toBe(true);
  await publisher.kill();
  // Within a second on a machine that has nothing else to do.
  await until(() => !isAlive(pid!), 5_000);
});
