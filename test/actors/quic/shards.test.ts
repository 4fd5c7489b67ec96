import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { SessionInfo } from '../../../src/actors/transport/contract.ts';
import { GET_MANIFEST } from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { until } from '../../supervisor/two-actors.ts';
import { contentOf, TestShard, workFolder } from '../transport/world.ts';
import { LIMITS, TestBridge } from './test-bridge.ts';

// Shards as they are, with a real QUIC process each.
const MIB = 2 ** 20;
let work: Awaited<ReturnType<typeof workFolder>>;
const stopped: (() => Promise<void>)[] = [];
beforeAll(async () => {
  work = await workFolder();
});
afterEach(async () => {
  for (const stop of stopped.splice(0).reverse()) await stop();
});
afterAll(() => work.remove());

async function node(config: object = {}): Promise<{ shard: TestShard; bridge: TestBridge; address: string }> {
  const bridge = await TestBridge.start();
  const shard = await TestShard.start(config);
  shard.dialAt = async () => ({ path: await bridge.keeper.up() });
  const { path } = await shard.handlers.serveQuic({ folder: bridge.folder, limits: LIMITS }, shard.call);
  bridge.keeper.useShards([path!]);
  stopped.push(
    () => shard.stop(),
    () => bridge.stop(),
  );
  return { shard, bridge, address: `quic://127.0.0.1:${bridge.port}` };
}

async function download(us: TestShard, them: TestShard, address: string, bytes: Buffer): Promise<Buffer> {
  const content = contentOf(bytes);
  them.share(await work.file(bytes), content.contentId);
  const path = await work.file(Buffer.alloc(0));
  await us.fetch(address, [{ ...content, path }]);
  return await readFile(path);
}

test('a session over QUIC is one like another, and bound to nothing', async () => {
  const [us, them] = [await node(), await node()];
  const session = await us.shard.connect(them.address);
  expect(session).toMatchObject({
    address: them.address,
    ...{ transport: 'quic', bound: 'none', native: true, direction: 'out', nodeKey: them.shard.nodeKey },
  });
  let inbound: SessionInfo | undefined;
  await until(async () => {
    [inbound] = await them.shard.sessions();
    return inbound !== undefined;
  });
  expect(inbound).toMatchObject({
    address: us.address,
    ...{ transport: 'quic', bound: 'none', native: true, direction: 'in', nodeKey: us.shard.nodeKey },
  });
  const bytes = randomBytes(5 * MIB + 1);
  expect((await download(us.shard, them.shard, them.address, bytes)).equals(bytes)).toBe(true);
});

test('who wants bound peers has none over QUIC, on either side', async () => {
  const [us, them] = [await node(), await node({ requireBound: true })];
  // Whoever dials has said its last word before the other side decides.
  await us.shard.connect(them.address);
  await until(async () => (await us.shard.sessions()).length === 0);
  await expect(them.shard.connect(us.address)).rejects.toMatchObject({ code: 'E_PEER_UNBOUND' });
  expect(await them.shard.sessions()).toEqual([]);
});

test('killed bridges on both sides in the middle of a transfer: it goes on, and every byte is right', async () => {
  const [us, them] = [await node(), await node()];
  const bytes = randomBytes(48 * MIB);
  const downloading = download(us.shard, them.shard, them.address, bytes);
  let kills = 0;
  for (const part of [8, 24]) {
    await until(() => (us.shard.metrics.get('bytes_down') ?? 0) > part * MIB, 20_000);
    us.bridge.kill();
    kills++;
  }
  expect((await downloading).equals(bytes)).toBe(true);
  expect(us.bridge.keeper.status().restarts).toBe(kills);
  // The other side's end is noticed by its silence, before whoever asks gives up.
  const more = randomBytes(24 * MIB);
  const from = us.shard.metrics.get('bytes_down') ?? 0;
  const again = download(us.shard, them.shard, them.address, more);
  await until(() => (us.shard.metrics.get('bytes_down') ?? 0) > from + 4 * MIB, 20_000);
  them.bridge.kill();
  expect((await again).equals(more)).toBe(true);
}, 60_000);

test('a request whose bridge is killed is answered after a redial', async () => {
  const [us, them] = [await node(), await node()];
  let hold: Promise<void> | null = null;
  let asked = 0;
  them.shard.wire = async () => {
    asked++;
    await hold;
    return { payload: new Uint8Array([1]) };
  };
  await us.shard.connect(them.address);
  const payload = encodeRequest(GET_MANIFEST, { manifestId: new Uint8Array(32) });
  const { promise, resolve } = Promise.withResolvers<void>();
  hold = promise;
  const answer = us.shard.request(them.address, GET_MANIFEST, payload);
  await until(() => asked === 1);
  us.bridge.kill();
  await until(() => us.bridge.keeper.status().restarts === 1);
  resolve();
  expect(await answer).toBeDefined();
  expect(asked).toBe(2);
});

test('of a peer with both, TCP is taken first; one that answers there no more is reached over QUIC, and for chunks again over TCP', async () => {
  const [us, them] = [await node(), await node()];
  const tcp = await them.shard.listen();
  const dead = 'tcp://127.0.0.1:1';
  const peer = (address: string, ...also: string[]) => ({ address, also, nodeKey: them.shard.nodeKey });
  const first = await us.shard.handlers.connect(peer(dead, them.address), us.shard.call);
  expect(first).toMatchObject({ transport: 'quic', address: them.address });
  const bytes = randomBytes(MIB);
  const content = contentOf(bytes);
  them.shard.share(await work.file(bytes), content.contentId);
  const path = await work.file(Buffer.alloc(0));
  const fetched = us.shard.handlers.fetch(
    { peer: peer(them.address, tcp), files: [{ ...content, path }] },
    us.shard.call,
  );
  for await (const _ of fetched);
  const over = (await us.shard.sessions()).map(
    ({ transport, bytesDown }) => `${transport} ${bytesDown > MIB}`,
  );
  expect(over.sort()).toEqual(['quic false', 'tcp true']);
});
