import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestShard } from './world.ts';

let node: TestShard;
let other: TestShard;
let address: string;
beforeEach(async () => {
  [node, other] = await Promise.all([TestShard.start(), TestShard.start()]);
  address = await other.listen();
});
afterEach(async () => {
  await node.stop();
  await other.stop();
  expect([...node.bugs, ...other.bugs]).toEqual([]);
});

const untilSessions = async (shard: TestShard, count: number) => {
  await expect.poll(async () => (await shard.sessions()).length, { timeout: 10_000 }).toBe(count);
};
const refused = { code: 'E_PEER_BANNED' };

test('a banned address, or network, is not dialled', async () => {
  for (const target of ['127.0.0.1', '127.0.0.0/8']) {
    node.useBans([target]);
    await expect.poll(() => node.connect(address).catch(({ code }) => code)).toBe('E_PEER_BANNED');
  }
  const dialled = other.adopted.length;
  await expect(node.connect(address)).rejects.toMatchObject(refused);
  expect(other.adopted.length).toBe(dialled);
  node.useBans(['192.0.2.1']);
  await expect.poll(() => node.connect(address).catch(() => null)).toMatchObject({ nodeKey: other.nodeKey });
});

test('a banned key is not dialled where it is known, and hung up on where it turns out to be that', async () => {
  node.useBans([other.nodeKey]);
  await expect.poll(() => node.connect(address, other.nodeKey).catch(({ code }) => code)).toBe(refused.code);
  const dialled = other.adopted.length;
  await expect(node.connect(address, other.nodeKey)).rejects.toMatchObject(refused);
  expect(other.adopted.length).toBe(dialled);
  await expect(node.connect(address)).rejects.toMatchObject(refused);
  await untilSessions(other, 0);
  expect(await node.sessions()).toEqual([]);
});

test('a banned key is not served', async () => {
  other.useBans([node.nodeKey]);
  await expect
    .poll(async () => {
      await node.connect(address).catch(() => {});
      return (await other.adopted.at(-1)!).established;
    })
    .toBe(false);
  await untilSessions(other, 0);
});

test('sessions that there are end when their peer is banned, on both sides', async () => {
  await node.connect(address);
  await untilSessions(other, 1);
  other.useBans([node.nodeKey]);
  await untilSessions(other, 0);
  await untilSessions(node, 0);
  other.useBans([]);
  await expect.poll(() => node.connect(address).catch(() => null)).not.toBeNull();
  await untilSessions(node, 1);
  node.useBans(['127.0.0.1']);
  await untilSessions(node, 0);
});
