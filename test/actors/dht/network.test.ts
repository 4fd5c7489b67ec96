import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KnownPeer } from '../../../src/actors/known-peer-types.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { sha256 } from '../../../src/protocol/crypto/sha256.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import {
  manifestKey,
  providersKey,
  revocationKey,
  shareHeadKey,
} from '../../../src/protocol/objects/dht-keys.ts';
import { encodeTagged } from '../../../src/protocol/objects/dht-value.ts';
import { compareDistance, nodeIdOf, shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { signKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { encodeManifest, manifestId } from '../../../src/protocol/objects/manifest.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import { shareHead } from '../../../src/protocol/objects/share-head.ts';
import { FIND_NODE, FIND_VALUE, STORE } from '../../../src/protocol/wire/message-types.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';
import { decodeRequest, encodeReply } from '../../../src/protocol/wire/registry.ts';
import { key, revision } from '../sync/world.ts';
import { share } from './published-share.ts';
import { Net, type NetPeer, type Node } from './world.ts';

/** A node of the reference: it keeps what it is given, answers with what it has, and names nobody. */
class SilentReference implements NetPeer {
  static #count = 0;
  readonly nodeKey: string;
  readonly id: Uint8Array;
  readonly address: string;
  readonly dialect = DIALECT_1;
  readonly native = false;
  readonly values = new Map<string, Uint8Array>();
  names: readonly PeerAddr[] = [];

  constructor() {
    const number = ++SilentReference.#count;
    this.nodeKey = toHex(sha256(Buffer.from(`reference ${number}`)));
    this.id = nodeIdOf(Buffer.from(this.nodeKey, 'hex'));
    this.address = `tcp://127.9.${number}.1:7001`;
  }

  async serve(type: number, payload: Uint8Array) {
    if (type === FIND_NODE) return { payload: encodeReply(FIND_NODE, { peers: this.names }) };
    if (type === STORE) {
      const { key: at, value } = decodeRequest(STORE, payload);
      this.values.set(toHex(at), new Uint8Array(value));
      return { payload: new Uint8Array(0) };
    }
    const { key: at } = decodeRequest(FIND_VALUE, payload);
    const value = this.values.get(toHex(at));
    const found = value === undefined ? null : { key: at, value, ttlSecs: 60n };
    return { payload: encodeReply(FIND_VALUE, { value: found, closerPeers: this.names }) };
  }
}

let net: Net;
beforeEach(() => {
  net = new Net();
});
afterEach(async () => {
  await net.stop();
  expect(net.nodes.flatMap(({ crashes }) => crashes)).toEqual([]);
});

describe('a network of thirty nodes that know one of them', () => {
  test('a lookup finds the nearest twenty', { timeout: 60_000 }, async () => {
    const nodes = await net.joined(30);
    const target = nodes[7]!.id.map((octet, index) => (index < 2 ? octet ^ 0x55 : octet));
    const { nodes: found } = await net.until(
      Promise.resolve(nodes[29]!.handlers.findNode({ target: toHex(target) }, nodes[29]!.call)),
    );
    const nearest = nodes
      .slice(0, 29)
      .toSorted((a, b) => compareDistance(target, a.id, b.id))
      .slice(0, 20);
    const names = new Set(found.map(({ nodeKey }) => nodeKey));
    expect(names.size).toBe(20);
    expect(nearest.filter(({ nodeKey }) => !names.has(nodeKey))).toEqual([]);
  });

  test('who let others in is not asked more than the others are', { timeout: 60_000 }, async () => {
    const nodes = await net.joined(40);
    // Buckets are looked through meanwhile.
    await net.clock.advance(75 * 60_000);
    const first = nodes[0]!;
    let asked = 0;
    const request = net.request.bind(net);
    net.request = (from, target, ...rest) => {
      if (target.address === first.address) asked++;
      return request(from, target, ...rest);
    };
    // Places that are far from it.
    const far = Array.from({ length: 400 }, (_, n) => sha256(Buffer.from(`place ${n}`)).slice(0, 20))
      .filter((place) => nodes.filter(({ id }) => compareDistance(place, id, first.id) < 0).length > 33)
      .slice(0, 10);
    for (const [n, target] of far.entries()) {
      const asker = nodes[10 + n]!;
      await net.until(Promise.resolve(asker.handlers.findNode({ target: toHex(target) }, asker.call)));
    }
    expect(far.length).toBe(10);
    expect(asked).toBeLessThanOrEqual(3);
  });

  test('what is kept shrinks when memory is short', async () => {
    const node = await net.node({ maxValues: 100 });
    for (let n = 0; n < 60; n++) {
      const { manifest } = revision(key(1 + n), 1);
      const at = manifestKey(manifestId(manifest));
      await node.wire(STORE, { key: at, value: encodeManifest(manifest), ttlSecs: 600n });
    }
    const values = async () => (await node.handlers.status(null, node.call)).values;
    expect(await values()).toBe(60);
    await node.pressure('high');
    expect(await values()).toBe(25);
  });

  test('a share is found by its key alone: head, manifest and who has it', { timeout: 60_000 }, async () => {
    const nodes = await net.joined(30);
    const publisher = nodes[3]!;
    const published = share(publisher, 5);
    const hidden = share(publisher, 6, false);
    publisher.handlers.published({ shareId: published.shareId });
    await net.run(10_000);
    const stranger = nodes[22]!;
    // Its own node is not needed any more.
    net.gone.add(publisher.address);
    const { head, sources } = await net.until(
      Promise.resolve(stranger.handlers.lookUpHead({ shareKey: published.shareKey }, stranger.call)),
    );
    expect(head).toEqual(encodeWith(shareHead, published.head));
    expect(sources.length).toBeGreaterThan(5);
    const { value } = await net.until(
      Promise.resolve(stranger.handlers.findValue({ key: toHex(manifestKey(published.id)) }, stranger.call)),
    );
    expect(value).toEqual(encodeManifest(published.manifest));
    const { providers } = await net.until(
      Promise.resolve(stranger.handlers.findProviders({ contentId: toHex(published.id) }, stranger.call)),
    );
    expect(providers).toEqual([`${publisher.address}@${publisher.nodeKey}`]);
    // The private one was given to nobody.
    const other = await net.until(
      Promise.resolve(stranger.handlers.lookUpHead({ shareKey: hidden.shareKey }, stranger.call)),
    );
    expect(other).toEqual({ head: null, sources: [] });
    const checked = nodes.filter((node) => (node.metrics.get('heads_checked') ?? 0) > 0);
    expect(checked.length).toBeGreaterThan(10);
  });
});

describe('heads', () => {
  /** A node that knows one other, which gave it values. */
  async function two(): Promise<[node: Node, giver: Node]> {
    const [node, giver] = (await net.joined(2)) as [Node, Node];
    return [node, giver];
  }
  const signer = key(9);
  const shareKey = shareHeadKey(shareIdOf(signer.publicKey));
  const storeOf = (octets: Uint8Array, at = shareKey) => ({ key: at, value: octets, ttlSecs: 86_400n });
  const headOctets = (seq: number, by = signer) => {
    const { head } = revision(by, seq);
    return encodeWith(shareHead, { ...head, shareId: shareIdOf(signer.publicKey) });
  };

  test('are checked with the manifest of whoever gave them', async () => {
    const [node, giver] = await two();
    const { manifest } = revision(signer, 3);
    giver.manifests.set(toHex(manifestId(manifest)), encodeManifest(manifest));
    const from = { nodeKey: giver.nodeKey, dialect: giver.dialect };
    await node.wire(STORE, storeOf(headOctets(3)), from);
    await net.run(2_000);
    expect(node.metrics.get('heads_checked')).toBe(1);
    // From now on its key is known: what is forged is not even kept.
    await node.wire(STORE, storeOf(headOctets(99, key(10))), from);
    await node.wire(STORE, storeOf(headOctets(4)), from);
    await node.wire(STORE, storeOf(headOctets(2)), from);
    const found = await node.wire(FIND_VALUE, { key: shareKey });
    expect('reply' in found && found.reply.value?.value).toEqual(headOctets(4));
  });

  test('whose manifest comes after them are checked with it, and forged ones go', async () => {
    const [node] = await two();
    await node.wire(STORE, storeOf(headOctets(77, key(10))));
    await node.wire(STORE, storeOf(headOctets(3)));
    await net.run(15_000);
    expect(await node.handlers.status(null, node.call)).toMatchObject({ headsChecked: 0, headsUnchecked: 2 });
    const { manifest } = revision(signer, 3);
    await node.wire(STORE, storeOf(encodeManifest(manifest), manifestKey(manifestId(manifest))));
    expect(await node.handlers.status(null, node.call)).toMatchObject({ headsChecked: 1, headsUnchecked: 0 });
    const found = await node.wire(FIND_VALUE, { key: shareKey });
    expect('reply' in found && found.reply.value?.value).toEqual(headOctets(3));
  });

  test('whose time is up when their manifest comes are not kept for another day', async () => {
    const [node] = await two();
    await node.wire(STORE, { ...storeOf(headOctets(3)), ttlSecs: 10n });
    await net.run(15_000);
    const { manifest } = revision(signer, 3);
    await node.wire(STORE, storeOf(encodeManifest(manifest), manifestKey(manifestId(manifest))));
    const found = await node.wire(FIND_VALUE, { key: shareKey });
    expect('reply' in found && found.reply.value).toBeNull();
    expect(node.metrics.get('heads_checked')).toBeUndefined();
  });

  test('that nobody can check are looked up under their key all the same, and a forged one decides nothing', async () => {
    const nodes = await net.joined(12);
    const forged = headOctets(1_000, key(10));
    for (const node of nodes) await node.wire(STORE, storeOf(node === nodes[4] ? headOctets(5) : forged));
    await net.run(1_000);
    const asker = nodes[11]!;
    const request = { shareKey: toHex(signer.publicKey) };
    const { head, sources } = await net.until(
      Promise.resolve(asker.handlers.lookUpHead(request, asker.call)),
    );
    expect(head).toEqual(headOctets(5));
    expect(sources).toEqual([`${nodes[4]!.address}@${nodes[4]!.nodeKey}`]);
  });

  test('many to be checked at once are bounded, and hold up no answer', async () => {
    const [node] = await two();
    for (let n = 0; n < 60; n++) {
      const by = key(100 + n);
      const octets = encodeWith(shareHead, revision(by, 1).head);
      await node.wire(STORE, storeOf(octets, shareHeadKey(shareIdOf(by.publicKey))));
    }
    const { reply } = (await node.wire(FIND_NODE, { targetNodeId: node.id })) as { reply: object };
    expect(reply).toBeDefined();
    await net.run(60_000);
    expect((await node.handlers.status(null, node.call)).lookups).toBeLessThan(40);
  });
});

describe('values', () => {
  test('of the second dialect are refused to nodes of the first, and theirs to those of the second', async () => {
    const node = await net.node();
    const v1 = { nodeKey: 'aa'.repeat(32), dialect: DIALECT_1 };
    const v2 = { nodeKey: 'bb'.repeat(32), dialect: DIALECT_2 };
    const revocation = signKeyRevocation(key(4), {
      subjectKind: 'sharepublisher',
      reason: 'compromised',
      issuedAt: BigInt(Math.floor(net.clock.wall() / 1000)),
    });
    const at = revocationKey(key(4).publicKey);
    const request = { key: at, value: encodeTagged('key-revocation', revocation), ttlSecs: 60n };
    expect(await node.wire(STORE, request, v1)).toEqual({
      error: 'DHT value does not match any recognized keyspace',
    });
    expect(await node.wire(STORE, request, v2)).toEqual({ reply: null });
    const asV1 = await node.wire(FIND_VALUE, { key: at }, v1);
    const asV2 = await node.wire(FIND_VALUE, { key: at }, v2);
    expect('reply' in asV1 && asV1.reply.value).toBeNull();
    expect('reply' in asV2 && asV2.reply.value).toMatchObject({ key: at, ttlSecs: 60n });
  });

  test('under another key, unsigned where they must be signed, too large: refused in the words of the network', async () => {
    const node = await net.node();
    const { manifest } = revision(key(4), 1);
    const octets = encodeManifest(manifest);
    const refused = { error: 'DHT value does not match any recognized keyspace' };
    const at = manifestKey(manifestId(manifest));
    expect(await node.wire(STORE, { key: at.toReversed(), value: octets, ttlSecs: 60n })).toEqual(refused);
    expect(await node.wire(STORE, { key: at, value: Uint8Array.of(1, 2, 3), ttlSecs: 60n })).toEqual(refused);
    const forged = { ...manifest, title: 'another' };
    expect(
      await node.wire(STORE, {
        key: manifestKey(manifestId(forged)),
        value: encodeManifest(forged),
        ttlSecs: 60n,
      }),
    ).toEqual({ error: 'DHT value refused: manifest' });
    expect(await node.wire(STORE, { key: at, value: new Uint8Array(65_537), ttlSecs: 60n })).toEqual({
      error: 'DHT value refused: too-large',
    });
    expect(node.metrics.get('stores_refused')).toBe(4);
  });

  test('are taken at a rate, and a node may keep none at all', async () => {
    const node = await net.node();
    const value = encodeManifest(revision(key(4), 1).manifest);
    const request = { key: manifestKey(manifestId(revision(key(4), 1).manifest)), value, ttlSecs: 60n };
    const answers = [];
    for (let n = 0; n < 200; n++) answers.push(await node.wire(STORE, request));
    const limited = answers.filter((answer) => 'error' in answer);
    expect(limited.length).toBe(80);
    expect(limited[0]).toEqual({ error: 'dht request rate limit exceeded' });
    const none = await net.node({ maxValues: 0 });
    expect(await none.wire(STORE, request)).toEqual({ error: 'this node keeps no values for others' });
  });
});

test('of those who have a content only addresses that may be dialled are told, as they are', async () => {
  const node = await net.node({ scope: 'public' });
  const contentId = new Uint8Array(32).fill(7);
  const nodeKey = new Uint8Array(32).fill(8);
  const at = (ip: number[], port: number, transport: 'tcp' | 'quic', key = nodeKey) => ({
    ...{ ip: new Uint8Array(ip), port, transport, pubkeyHint: key, relayVia: null },
  });
  const list = [
    ...[at([8, 8, 8, 8], 1_023, 'quic'), at([8, 8, 8, 8], 7_000, 'quic'), at([8, 8, 8, 8], 65_535, 'quic')],
    ...[at([8, 8, 8, 8], 1_023, 'tcp'), at([8, 8, 8, 8], 7_001, 'tcp'), at([10, 0, 0, 1], 7_001, 'tcp')],
    at([8, 8, 4, 4], 7_001, 'tcp', new Uint8Array(Buffer.from(node.nodeKey, 'hex'))),
  ];
  const value = encodeWith(providers, { contentId, providers: list, updatedAt: 1n });
  await node.wire(STORE, { key: providersKey(contentId), value, ttlSecs: 60n });
  const request = { contentId: toHex(contentId) };
  const found = await net.until(Promise.resolve(node.handlers.findProviders(request, node.call)));
  const told = ['quic://8.8.8.8:7000', 'quic://8.8.8.8:65535', 'tcp://8.8.8.8:7001'];
  expect(found.providers).toEqual(told.map((each) => `${each}@${toHex(nodeKey)}`));
});

describe('the way into the network', () => {
  test('of a node that comes back is by the peers of its former life', async () => {
    const nodes = await net.joined(10);
    const known = nodes.slice(0, 4).map(({ address, nodeKey }) => ({
      ...{ address, nodeKey, version: 2, capabilityKeys: 8, native: true, seenAt: 1 },
    })) as KnownPeer[];
    const back = await net.node({}, { known });
    await net.run(10_000);
    const { nodes: count } = await back.handlers.status(null, back.call);
    expect(count).toBeGreaterThan(6);
  });

  test('leads over nodes that answer with nothing, and their values count', async () => {
    const reference = new SilentReference();
    net.peers.set(reference.address, reference);
    const publisher = await net.node({ bootstrap: [reference.address] });
    const reader = await net.node({ bootstrap: [reference.address] });
    const published = share(publisher, 5);
    for (const { contentId } of published.manifest.items) publisher.contents.set(toHex(contentId), 1);
    await net.run(70_000);
    // Head, manifest, who has the manifest; and who has each content, which nodes of the reference ask for.
    const { items } = published.manifest;
    expect(items.length).toBeGreaterThan(0);
    expect(reference.values.size).toBe(3 + items.length);
    for (const { contentId } of items) {
      const record = reference.values.get(toHex(providersKey(contentId)))!;
      expect(providers.read(new Reader(record)).providers).toMatchObject([{ port: 7001, transport: 'tcp' }]);
    }
    const request = { shareKey: published.shareKey };
    const { head } = await net.until(Promise.resolve(reader.handlers.lookUpHead(request, reader.call)));
    expect(head).toEqual(encodeWith(shareHead, published.head));
    // It is in the table by the key that it showed, though nobody told of one.
    const rows = await reader.handlers.table(null, reader.call);
    expect(rows).toMatchObject([{ nodeKey: reference.nodeKey, native: false, dialect: '1/5' }]);
  });

  test('an operator may begin anywhere; others are told only of whom they may dial', async () => {
    const hub = await net.node({ scope: 'public' });
    const node = await net.node({ scope: 'public', bootstrap: [hub.address] });
    await net.run(5_000);
    // Loopback is in nobody's table, but the lookup begins there.
    expect((await node.handlers.status(null, node.call)).nodes).toBe(0);
    const request = { target: toHex(node.id) };
    const { nodes } = await net.until(Promise.resolve(node.handlers.findNode(request, node.call)));
    expect(nodes).toMatchObject([{ nodeKey: hub.nodeKey, address: hub.address }]);
  });
});

test('addresses that others tell of are dialled if their bucket has room, few at a time, and never our own', async () => {
  const nodes = await net.joined(8);
  const node = await net.node({ scope: 'test' });
  const dialled: string[] = [];
  const connect = net.connect.bind(net);
  net.connect = (from, target, signal) => {
    if (from === node) dialled.push(target.address);
    return connect(from, target, signal);
  };
  const told = nodes.map(({ address, nodeKey }) => `${address}@${nodeKey}`);
  const more = ['nonsense', 'tcp://0.0.0.0:7001', `${node.address}@${'aa'.repeat(32)}`];
  for (let n = 0; n < 3; n++) node.tell('learnt', { addresses: [...told, ...more], from: 'x' });
  expect(dialled.length).toBe(2);
  await net.run(3_000);
  const known = (await node.handlers.table(null, node.call)).map(({ address }) => address);
  expect(new Set(known)).toEqual(new Set(nodes.map(({ address }) => address)));
  expect(dialled).not.toContain(node.address);
});

describe('nodes that go', () => {
  test('leave the table, and lookups go on without them', async () => {
    const nodes = await net.joined(25);
    const asker = nodes[24]!;
    for (const node of nodes.slice(5, 15)) net.gone.add(node.address);
    for (const node of nodes.slice(15, 18)) net.silent.add(node.address);
    net.forgetSessions();
    const request = { target: toHex(nodes[0]!.id) };
    // It knows nearly all of them: to hear of each of the dead, it has to look in more than one direction.
    for (const { id } of nodes.slice(5, 18)) {
      await net.until(Promise.resolve(asker.handlers.findNode({ target: toHex(id) }, asker.call)));
      await net.run(3_000);
    }
    const { nodes: found } = await net.until(Promise.resolve(asker.handlers.findNode(request, asker.call)));
    expect(found.length).toBe(11);
    const left = new Set((await asker.handlers.table(null, asker.call)).map(({ address }) => address));
    expect(nodes.slice(5, 18).filter(({ address }) => left.has(address))).toEqual([]);
  });

  test('make room for one that waits for their place, which is asked for by a ping', async () => {
    const crowd = Array.from({ length: 80 }, () => new SilentReference());
    for (const each of crowd) net.peers.set(each.address, each);
    const node = await net.node();
    const far = crowd.filter(({ id }) => (id[0]! ^ node.id[0]!) >= 0x80);
    const met = async (each: SilentReference) => {
      await net.until(net.connect(node, { address: each.address, nodeKey: each.nodeKey }, node.call.signal));
      await net.run(100);
    };
    for (const each of far.slice(0, 20)) await met(each);
    const waits = far[20]!;
    await met(waits);
    const addresses = async () => (await node.handlers.table(null, node.call)).map(({ address }) => address);
    expect(await addresses()).not.toContain(waits.address);
    // Past the looks after joining, in which all of them were heard of.
    await net.run(14 * 60_000);
    // The one that was heard of longest ago.
    const [first] = await addresses();
    net.silent.add(first!);
    await met(far[21]!);
    await net.run(20_000);
    expect(await addresses()).not.toContain(first);
    expect((await addresses()).length).toBe(20);
  });
});

describe('hostile answers', () => {
  test('ourselves, the answerer, junk, places that nobody may dial: nobody is dialled for them', async () => {
    const dialled: string[] = [];
    const liar = new SilentReference();
    net.peers.set(liar.address, liar);
    const node = await net.node({ scope: 'public', bootstrap: [liar.address] });
    const connect = net.connect.bind(net);
    net.connect = (from, target, signal) => {
      if (from === node) dialled.push(target.address);
      return connect(from, target, signal);
    };
    const at = (ip: number[], port: number, hint: string | null) => ({
      ip: Uint8Array.from(ip),
      port,
      transport: 'tcp' as const,
      pubkeyHint: hint === null ? null : Buffer.from(hint, 'hex'),
      relayVia: null,
    });
    liar.names = [
      at([9, 9, 9, 9], 7001, node.nodeKey),
      at([9, 9, 9, 8], 7001, liar.nodeKey),
      at([127, 0, 0, 1], 22, 'aa'.repeat(32)),
      at([10, 0, 0, 1], 7001, 'ab'.repeat(32)),
      at([224, 0, 0, 1], 7001, 'ac'.repeat(32)),
      at([8, 8, 8, 8], 53, 'ad'.repeat(32)),
    ];
    const junk = liar.names;
    for (let round = 0; round < 20; round++) {
      const ports = Array.from({ length: 500 }, (_, n) => at([7, 7, 7, 7], 2_000 + 500 * round + n, null));
      liar.names = [...junk, ...ports];
      await net.until(Promise.resolve(node.handlers.findNode({ target: toHex(node.id) }, node.call)));
    }
    const others = dialled.filter((address) => address !== liar.address);
    expect(others.every((address) => address.startsWith('tcp://7.7.7.7:'))).toBe(true);
    // A host is not knocked at on every port that somebody names.
    expect(others.length).toBeGreaterThan(0);
    expect(others.length).toBeLessThanOrEqual(18);
    expect(await node.handlers.table(null, node.call)).toEqual([]);
  });
});
