import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DhtConfig } from '../../../../src/actors/dht/config.ts';
import { encodeWith } from '../../../../src/protocol/cbor/codec.ts';
import { Reader } from '../../../../src/protocol/cbor/reader.ts';
import { toHex } from '../../../../src/protocol/crypto/bytes.ts';
import { sha256 } from '../../../../src/protocol/crypto/sha256.ts';
import { providersKey } from '../../../../src/protocol/objects/dht-keys.ts';
import { compareDistance } from '../../../../src/protocol/objects/ids.ts';
import { providers } from '../../../../src/protocol/objects/providers.ts';
import { FIND_VALUE } from '../../../../src/protocol/wire/message-types.ts';
import { share } from '../published-share.ts';
import { Net, type Node } from '../world.ts';
import { ReceiverPeer } from './receiver-peer.ts';

let net: Net;
beforeEach(() => {
  net = new Net();
});
afterEach(async () => {
  await net.stop();
  expect(net.nodes.flatMap(({ crashes }) => crashes)).toEqual([]);
});

const LIFE_SECONDS = 6_000;
const PERIOD_MS = 5_000_000;
const MINUTE = 60_000;

const contents = (count: number, epoch = 1, from = 0): Map<string, number> =>
  new Map(
    Array.from({ length: count }, (_, n) => [toHex(sha256(Buffer.from(`content ${from + n}`))), epoch]),
  );
const keyOf = (contentId: string): string => toHex(providersKey(Buffer.from(contentId, 'hex')));

interface World {
  readonly node: Node;
  readonly receivers: readonly ReceiverPeer[];
  start(given?: Map<string, number>): Promise<Node>;
}

/** A node with contents among receivers that it knows by its bootstrap list. */
async function world(
  count: number,
  options: { receivers?: number; native?: boolean; config?: Partial<DhtConfig> } = {},
): Promise<World> {
  const receivers = Array.from(
    { length: options.receivers ?? 3 },
    (_, n) => new ReceiverPeer(net, n, options.native ?? true),
  );
  const kept = new Map<string, string>();
  const start = (given = contents(count)) =>
    net.node(
      {
        bootstrap: receivers.map(({ address }) => address),
        announceLifeSeconds: LIFE_SECONDS,
        ...options.config,
      },
      { contents: given, kept },
    );
  return { node: await start(), receivers, start };
}

const statusOf = async (node: Node) => (await node.handlers.status(null, node.call)).announce;

/** Most stores that one receiver had within any minute. */
const densest = ({ stores }: ReceiverPeer): number =>
  Math.max(
    0,
    ...stores.map(({ at }, index) => stores.slice(index).filter((each) => each.at < at + MINUTE).length),
  );

describe('contents', () => {
  test('are told once in their life, in the order of their keys, with few lookups', async () => {
    const { node, receivers } = await world(300);
    // What was due before it was there, then one round of the hand.
    await net.clock.advance(30 * MINUTE);
    expect(await statusOf(node)).toMatchObject({ state: 'on', items: 300, announced: 300, backlog: 0 });
    for (const { values } of receivers) expect(values.size).toBe(300);
    const [first] = receivers as [ReceiverPeer];
    first.stores.length = 0;
    await net.clock.advance(PERIOD_MS);
    const counts = new Map<string, number>();
    for (const { key } of first.stores) counts.set(key, (counts.get(key) ?? 0) + 1);
    expect(counts.size).toBe(300);
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(2);
    expect(first.stores.length).toBeLessThan(310);
    // Within a part of the keyspace one key follows the other.
    const parts = new Map<string, string[]>();
    for (const { key } of first.stores.slice(5, -5)) {
      const part = key.slice(0, 2);
      parts.set(part, [...(parts.get(part) ?? []), key]);
    }
    for (const keys of parts.values()) expect(keys).toEqual(keys.toSorted());
    // In a network this small one lookup is good for all keys for ten minutes.
    const { stores, lookups } = await statusOf(node);
    expect(stores).toBeGreaterThanOrEqual(1_800);
    expect(lookups).toBeLessThan(30);
  });

  test('no receiver has more than sixty values in a minute', async () => {
    const { receivers } = await world(400, { receivers: 2, config: { announcePerSecond: 50 } });
    await net.clock.advance(6 * MINUTE);
    for (const receiver of receivers) {
      expect(receiver.stores.length).toBeGreaterThan(200);
      expect(densest(receiver)).toBeLessThanOrEqual(60);
    }
  });

  test('the node sends no more requests than its rate', async () => {
    const { node, receivers } = await world(400, { receivers: 6, config: { announcePerSecond: 3 } });
    await net.clock.advance(10 * MINUTE);
    const all = receivers.flatMap(({ stores }) => stores).toSorted((a, b) => a.at - b.at);
    expect(all.length).toBeGreaterThan(1_000);
    for (let n = 60; n < all.length; n++) expect(all[n]!.at - all[n - 60]!.at).toBeGreaterThan(18_000);
    expect((await statusOf(node)).perSecond).toBeGreaterThan(1);
  });

  test('go to the nodes nearest to them, as many as is set', async () => {
    const { receivers } = await world(60, { receivers: 12, config: { announceReplicas: 4 } });
    await net.clock.advance(15 * MINUTE);
    for (const contentId of contents(60).keys()) {
      const key = Buffer.from(keyOf(contentId), 'hex');
      const near = receivers.toSorted((a, b) => compareDistance(key.subarray(0, 20), a.id, b.id));
      const have = near.filter(({ values }) => values.has(toHex(key)));
      expect(have).toEqual(near.slice(0, 4));
    }
  });

  test('new ones are told at once, and those that are gone no more, before anything is looked through again', async () => {
    const { node, receivers } = await world(100);
    await net.clock.advance(20 * MINUTE);
    const [gone] = [...node.contents.keys()];
    const more = contents(5, 2, 1_000);
    for (const [id, epoch] of more) node.contents.set(id, epoch);
    receivers[0]!.stores.length = 0;
    await net.clock.advance(3 * MINUTE);
    const told = new Set(receivers[0]!.stores.map(({ key }) => key));
    for (const id of more.keys()) expect(told.has(keyOf(id))).toBe(true);
    expect(await statusOf(node)).toMatchObject({ items: 105, announced: 105 });
    receivers[0]!.stores.length = 0;
    node.contents.delete(gone!);
    await net.clock.advance(PERIOD_MS);
    expect(receivers[0]!.stores.length).toBeGreaterThan(100);
    expect(receivers[0]!.stores.some(({ key }) => key === keyOf(gone!))).toBe(false);
    expect((await statusOf(node)).announced).toBe(104);
  });

  test('beyond what receivers have room for are told to fewer, then left out, always the same ones', async () => {
    const { node, receivers } = await world(300, { receivers: 3 });
    for (const receiver of receivers) {
      receiver.refusal = (_, key) =>
        receiver.values.size >= 60 && !receiver.values.has(key)
          ? 'this node has no room for the value'
          : null;
    }
    await net.clock.advance(60 * MINUTE);
    const { items, announced, unreached } = await statusOf(node);
    expect(items).toBe(300);
    expect(announced).toBeGreaterThan(30);
    expect(announced + unreached).toBeGreaterThan(250);
    expect(unreached).toBeGreaterThan(100);
  });
});

test('a content that two nodes hold is found by a third that knows neither', {
  timeout: 60_000,
}, async () => {
  const nodes = await net.joined(12);
  const [contentId] = contents(1).keys();
  for (const each of [nodes[3]!, nodes[7]!]) {
    each.contents = contents(1);
    each.handlers.published({ shareId: 'aa'.repeat(32) });
  }
  await net.clock.advance(5 * MINUTE);
  const stranger = nodes[11]!;
  const { providers: found } = await net.until(
    Promise.resolve(stranger.handlers.findProviders({ contentId: contentId! }, stranger.call)),
  );
  const holders = [nodes[3]!, nodes[7]!].map(({ address, nodeKey }) => `${address}@${nodeKey}`);
  expect(found.toSorted()).toEqual(holders.toSorted());
});

describe('a restart', () => {
  test('goes on where it was: nothing is told again before its time, what came meanwhile is', async () => {
    const { node, receivers, start } = await world(300);
    await net.clock.advance(40 * MINUTE);
    node.contents.set('ab'.repeat(32), 7);
    await node.quiesce();
    for (const receiver of receivers) receiver.stores.length = 0;
    await net.clock.advance(10 * MINUTE);
    const again = await start(node.contents);
    await net.clock.advance(2 * MINUTE);
    // Twelve minutes of eighty-three: what was due in them, and what is new.
    const told = new Set(receivers[0]!.stores.map(({ key }) => key));
    expect(told.has(keyOf('ab'.repeat(32)))).toBe(true);
    expect(told.size).toBeGreaterThan(15);
    expect(told.size).toBeLessThan(80);
    expect(await statusOf(again)).toMatchObject({ items: 301, announced: 301 });
    await net.clock.advance(PERIOD_MS - 12 * MINUTE);
    const all = receivers[0]!.stores.map(({ key }) => key);
    expect(new Set(all).size).toBe(301);
    expect(all.length).toBeLessThan(315);
  });

  test('of a node that kept nonsense begins anew', async () => {
    const { node, receivers, start } = await world(50);
    await net.clock.advance(20 * MINUTE);
    await node.quiesce();
    node.kept.set('announced', '{"cycle":{"slotMs":-1}}');
    for (const receiver of receivers) receiver.stores.length = 0;
    await start();
    await net.clock.advance(10 * MINUTE);
    expect(new Set(receivers[0]!.stores.map(({ key }) => key)).size).toBe(50);
  });

  test('gives own shares when they are due, not all at once', async () => {
    const { receivers, start, node } = await world(0, { receivers: 4 });
    for (let seed = 1; seed <= 20; seed++) share(node, seed);
    await net.clock.advance(10 * MINUTE);
    expect(receivers[0]!.values.size).toBe(60);
    await node.quiesce();
    for (const receiver of receivers) receiver.stores.length = 0;
    const again = await start(new Map());
    for (let seed = 1; seed <= 20; seed++) share(again, seed);
    // One that changed since.
    again.ownShares = again.ownShares.map((row, index) =>
      index === 3 ? { ...row, updatedAt: Math.floor(net.clock.wall() / 1000) } : row,
    );
    await net.clock.advance(10 * MINUTE);
    expect(receivers[0]!.stores.length).toBeGreaterThanOrEqual(3);
    expect(receivers[0]!.stores.length).toBeLessThan(15);
    await net.clock.advance(12 * 60 * MINUTE);
    expect(new Set(receivers[0]!.stores.map(({ key }) => key)).size).toBe(60);
  });
});

describe('receivers', () => {
  test('that say it is too much are left alone for five seconds, and get it afterwards', async () => {
    const { receivers } = await world(40, { receivers: 1 });
    const [receiver] = receivers as [ReceiverPeer];
    receiver.refusal = (count) => (count % 10 === 0 ? 'dht request rate limit exceeded' : null);
    await net.clock.advance(20 * MINUTE);
    expect(receiver.values.size).toBe(40);
    const refused = receiver.stores.filter((_, index) => (index + 1) % 10 === 0);
    for (const { at } of refused) {
      const next = receiver.stores.find((each) => each.at > at);
      if (next !== undefined) expect(next.at - at).toBeGreaterThanOrEqual(5_000);
    }
  });

  test('that are gone have others in their place, and nobody at all is waited for', async () => {
    const { node, receivers } = await world(0, { receivers: 6, config: { announceReplicas: 2 } });
    await net.clock.advance(2 * MINUTE);
    node.contents = contents(60);
    for (const each of receivers.slice(0, 3)) net.gone.add(each.address);
    net.forgetSessions();
    await net.clock.advance(20 * MINUTE);
    const left = receivers.slice(3);
    for (const id of contents(60).keys()) {
      expect(left.filter(({ values }) => values.has(keyOf(id))).length).toBeGreaterThan(0);
    }
    for (const each of left) net.gone.add(each.address);
    net.forgetSessions();
    node.contents = new Map([...node.contents, ...contents(3, 9, 500)]);
    await net.clock.advance(60 * MINUTE);
    net.gone.clear();
    await net.clock.advance(20 * MINUTE);
    for (const id of contents(3, 9, 500).keys()) {
      expect(receivers.filter(({ values }) => values.has(keyOf(id))).length).toBeGreaterThan(0);
    }
  });

  test('of the reference keep what others wrote; own nodes are not asked for it', async () => {
    const { node, receivers } = await world(5, { receivers: 1, native: false });
    const [receiver] = receivers as [ReceiverPeer];
    const [contentId] = contents(1).keys();
    const key = keyOf(contentId!);
    const other = {
      ...{ ip: Uint8Array.of(127, 0, 0, 9), port: 7001, transport: 'tcp' as const },
      ...{ pubkeyHint: new Uint8Array(32).fill(9), relayVia: null },
    };
    const now = BigInt(Math.floor(net.clock.wall() / 1000));
    const id = Buffer.from(contentId!, 'hex');
    receiver.values.set(key, encodeWith(providers, { contentId: id, providers: [other], updatedAt: now }));
    await net.clock.advance(15 * MINUTE);
    const list = providers.read(new Reader(receiver.values.get(key)!));
    expect(list.providers.map(({ pubkeyHint }) => toHex(pubkeyHint!))).toEqual([
      node.nodeKey,
      '09'.repeat(32),
    ]);
    expect(receiver.counts.get(FIND_VALUE)).toBeGreaterThanOrEqual(5);
    // It did not write again in a whole round: it is gone.
    await net.clock.advance(PERIOD_MS + 10 * MINUTE);
    const later = providers.read(new Reader(receiver.values.get(key)!));
    expect(later.providers.map(({ pubkeyHint }) => toHex(pubkeyHint!))).toEqual([node.nodeKey]);
  });
});

test('a store that is restarted while it is asked is asked again', async () => {
  const { receivers, start } = await world(0);
  await net.clock.advance(MINUTE);
  const node = await start(contents(30));
  node.storeFails = 3;
  await net.clock.advance(10 * MINUTE);
  expect(node.storeFails).toBe(0);
  expect(await statusOf(node)).toMatchObject({ items: 30, announced: 30 });
  expect(receivers[0]!.values.size).toBe(30);
});

describe('settings', () => {
  test('turn it off and on again', async () => {
    const { node, receivers } = await world(20, { config: { announce: 'none' } });
    await net.clock.advance(20 * MINUTE);
    expect(await statusOf(node)).toMatchObject({ state: 'off', items: 0, next: null });
    expect(receivers[0]!.stores).toEqual([]);
    expect(receivers[0]!.counts.get(FIND_VALUE)).toBeUndefined();
    const { dhtConfig } = await import('../../../../src/actors/dht/config.ts');
    const bootstrap = receivers.map(({ address }) => address);
    await node.handlers.configure(
      dhtConfig.parse({ scope: 'test', bootstrap, announce: 'own', announceLifeSeconds: LIFE_SECONDS }),
      node.call,
    );
    await net.clock.advance(10 * MINUTE);
    expect(receivers[0]!.values.size).toBe(20);
  });

  test('a node that knows nobody tells nothing and says so', async () => {
    const node = await net.node({}, { contents: contents(10) });
    await net.clock.advance(5 * MINUTE);
    expect(await statusOf(node)).toMatchObject({ state: 'alone', items: 0, stores: 0 });
  });
});
