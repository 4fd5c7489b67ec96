import { expect, test, vi } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { parseAddress } from '../../../src/protocol/addresses/address.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { formatShareLink } from '../../../src/protocol/links/share-link.ts';
import { revocationKey, rotationKey, shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { encodeTagged } from '../../../src/protocol/objects/dht-value.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { signKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { signKeyRotation } from '../../../src/protocol/objects/key-rotation.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { headOf, key, revision, World } from './world.ts';

const A = 'tcp://127.0.0.1:7001';
const B = 'tcp://127.0.0.2:7001';
const C = 'tcp://127.0.0.3:7001';
const share = key(1);
const other = key(2);

test('a subscription is filled by its link, and only news is taken afterwards', async () => {
  const world = await World.start();
  world.peer(A).put(revision(share, 1));
  const address = parseAddress(A);
  const link = formatShareLink(share.publicKey, address.ok ? [address.address] : []);
  const first = await world.behaviour.handlers.subscribe({ link, trust: 'normal', weight: 2 }, world.call);
  expect(first.error).toBeNull();
  expect(first.subscription).toMatchObject({ seq: 1, items: 1, weight: 2, peers: [A] });
  expect(world.committed).toHaveLength(1);
  expect(world.refreshed.at(-1)).toBe(first.subscription.shareId);

  expect(await world.sync()).toEqual([
    {
      share_id: first.subscription.shareId,
      seq_before: 1,
      seq_after: 1,
      items: 1,
      source: null,
      error: null,
    },
  ]);
  world.peers.get(A)?.put(revision(share, 5));
  expect(await world.sync(first.subscription.shareId)).toMatchObject([
    { seq_before: 1, seq_after: 5, source: A, error: null },
  ]);
  expect(world.committed).toHaveLength(2);

  expect(
    await world.behaviour.handlers.unsubscribe({ shareId: first.subscription.shareId }, world.call),
  ).toEqual({ removed: true });
  expect(await world.sync()).toEqual([]);
});

test('a link that is none is refused; a share nobody can be asked about is kept with the reason', async () => {
  const world = await World.start();
  const ask = (link: string) =>
    world.behaviour.handlers.subscribe({ link, trust: 'normal', weight: 1 }, world.call);
  const link = formatShareLink(share.publicKey);
  for (const bad of ['', 'https://example.org', `${link.slice(0, -4)}AAAA`, link.slice(0, 40)]) {
    await expect(ask(bad)).rejects.toMatchObject({ code: 'E_LINK_INVALID' });
  }
  expect(world.subscriptions.size).toBe(0);
  expect(await ask(link)).toMatchObject({ error: { code: 'E_NO_PROVIDER' }, subscription: { seq: null } });
  await expect(world.sync('00'.repeat(32))).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
});

test('a link without peers: whoever this node is connected to is asked', async () => {
  const world = await World.start();
  world.peer(A).put(revision(share, 1));
  world.follow(share);
  world.connected = [{ direction: 'out', address: A, nodeKey: 'ab'.repeat(32) }];
  expect(await world.sync()).toMatchObject([{ seq_after: 1, source: A, error: null }]);
});

test('a forged head is passed over and counted; the honest peer decides', async () => {
  const world = await World.start();
  const real = revision(share, 3);
  const forged = { ...headOf(share, 99, real.manifest), sig: new Uint8Array(64).fill(7) };
  world.peer(A).putHead(forged).putManifest(real.manifest);
  world.peer(B).put(real);
  world.follow(share, A, B);
  expect(await world.sync()).toMatchObject([{ seq_after: 3, source: B, error: null }]);
  expect(world.metrics.get('records_refused')).toBe(1);
  expect(world.warnings).toContain('head refused');
});

test('a forged head alone is the error, and a head of another share too', async () => {
  const world = await World.start();
  const { head } = revision(other, 3);
  const id = world.follow(share, A);
  world.peer(A).putHead({ ...head, shareId: shareIdOf(share.publicKey) });
  expect(await world.sync(id)).toMatchObject([{ seq_after: null, error: { code: 'E_HEAD_INVALID' } }]);
  expect(world.subscriptions.get(id)?.lastError?.code).toBe('E_HEAD_INVALID');
});

test('an older head than the one held changes nothing', async () => {
  const world = await World.start();
  world.peer(A).put(revision(share, 8));
  world.follow(share, A);
  await world.sync();
  world.peers.get(A)?.put(revision(share, 2));
  expect(await world.sync()).toMatchObject([{ seq_before: 8, seq_after: 8, source: null, error: null }]);
  expect(world.committed).toHaveLength(1);
});

test('of two honest peers the newer head wins, whatever the order', async () => {
  for (const [first, second] of [
    [2, 9],
    [9, 2],
  ] as const) {
    const world = await World.start();
    world.peer(A).put(revision(share, first));
    world.peer(B).put(revision(share, second));
    world.follow(share, A, B);
    expect(await world.sync()).toMatchObject([{ seq_after: 9, error: null }]);
  }
});

test('two manifests under one number are told to the operator', async () => {
  const world = await World.start();
  world.peer(A).put(revision(share, 4));
  world.peer(B).put(revision(share, 4, { title: 'another' }));
  world.follow(share, A, B);
  expect(await world.sync()).toMatchObject([{ seq_after: 4, error: null }]);
  expect(world.warnings.join()).toContain('two different manifests');
});

test('a wrong manifest is refused and the next peer asked', async () => {
  const world = await World.start();
  const real = revision(share, 3);
  const wrong = revision(share, 3, { title: 'not that one' }).manifest;
  world.peer(A).putHead(real.head).putManifest(wrong, real.head.latestManifestId);
  world.follow(share, A);
  expect(await world.sync()).toMatchObject([{ seq_after: null, error: { code: 'E_MANIFEST_INVALID' } }]);
  world.subscriptions.clear();
  world.peer(B).putManifest(real.manifest);
  world.follow(share, A, B);
  expect(await world.sync()).toMatchObject([{ seq_after: 3, source: B, error: null }]);
});

test('a manifest is also taken from the values a peer keeps for others', async () => {
  const world = await World.start();
  const real = revision(share, 3);
  world.peer(A).putHead(real.head).putManifestAsValue(real.manifest);
  world.follow(share, A);
  expect(await world.sync()).toMatchObject([{ seq_after: 3, source: A, error: null }]);
});

test.each([
  [
    'head and manifest disagree',
    () => {
      const { manifest } = revision(share, 2);
      return { manifest, head: headOf(share, 7, manifest) };
    },
  ],
  [
    'the manifest is of another share',
    () => {
      const { manifest } = revision(other, 7);
      return { manifest, head: headOf(share, 7, manifest) };
    },
  ],
  ['the manifest has expired', () => revision(share, 7, { createdAt: 1n, expiresAt: 2n })],
  [
    'chunk counts do not fit',
    () => {
      const { manifest } = revision(share, 7);
      const items = manifest.items.map((item) => ({ ...item, chunkCount: 3 }));
      return revision(share, 7, { items });
    },
  ],
])('a share whose own revision is broken is refused: %s', async (_, make) => {
  const world = await World.start();
  world.peer(A).put(make());
  world.follow(share, A);
  expect(await world.sync()).toMatchObject([{ seq_after: null, error: { code: 'E_MANIFEST_INVALID' } }]);
  expect(world.committed).toEqual([]);
});

test('the most telling failure of several peers is reported', async () => {
  const world = await World.start();
  const id = world.follow(share, A, B, C);
  const error = async () => (await world.sync(id))[0]?.error?.code;
  expect(await error()).toBe('E_PEER_UNREACHABLE');
  world.peer(B).refuses = () => failure('E_PEER_SILENT', 'no byte in 10 s');
  expect(await error()).toBe('E_PEER_SILENT');
  world.peer(A).answers = () => ({ type: 201, payload: Uint8Array.of(0xff) });
  expect(await error()).toBe('E_PEER_PROTOCOL');
  world.peer(C).refuses = () => failure('E_PEER_IDENTITY', 'another key');
  expect(await error()).toBe('E_PEER_IDENTITY');
});

test('whatever a peer sends is a value', async () => {
  const world = await World.start();
  const headKey = shareHeadKey(shareIdOf(share.publicKey));
  const peer = world.peer(A);
  const id = world.follow(share, A);
  peer.answers = () => ({ type: 999, payload: new Uint8Array() });
  expect(await world.sync(id)).toMatchObject([{ error: { code: 'E_PEER_PROTOCOL' } }]);
  peer.answers = null;
  peer.values.set(toHex(headKey), new Uint8Array(100).fill(0x9f));
  expect(await world.sync(id)).toMatchObject([{ error: { code: 'E_HEAD_INVALID' } }]);
  const { head } = revision(share, 1);
  peer.putHead(head);
  peer.manifests.set(toHex(head.latestManifestId), Uint8Array.of(0xa1, 0x61));
  expect(await world.sync(id)).toMatchObject([{ error: { code: 'E_MANIFEST_INVALID' } }]);
});

test('one bad share never stops the others', async () => {
  const world = await World.start();
  const peer = world.peer(A);
  const shares = Array.from({ length: 20 }, (_, i) => key(40 + i));
  for (const [i, each] of shares.entries()) {
    world.follow(each, A);
    const good = revision(each, 1);
    if (i % 3 !== 0) peer.put(good);
    else peer.putHead({ ...good.head, sig: new Uint8Array(64) });
  }
  const results = await world.sync();
  expect(results.filter(({ error }) => error === null)).toHaveLength(13);
  expect(results.filter(({ error }) => error?.code === 'E_HEAD_INVALID')).toHaveLength(7);
});

test('a revoked share is skipped alone, before its news is taken', async () => {
  const world = await World.start();
  const record = signKeyRevocation(share, {
    subjectKind: 'sharepublisher',
    reason: 'compromised',
    issuedAt: 5n,
  });
  world
    .peer(A)
    .put(revision(share, 1))
    .put(revision(other, 1))
    .values.set(toHex(revocationKey(share.publicKey)), encodeTagged('key-revocation', record));
  const revoked = world.follow(share, A);
  world.follow(other, A);
  const results = await world.sync();
  expect(results.find(({ share_id }) => share_id === revoked)).toMatchObject({
    seq_after: null,
    error: { code: 'E_SHARE_REVOKED' },
  });
  expect(results.find(({ share_id }) => share_id !== revoked)).toMatchObject({ seq_after: 1, error: null });
});

test('a key handed on to a revoked one is void; a forged revocation is not believed', async () => {
  const next = key(3);
  const rotation = signKeyRotation(share, next, {
    subjectKind: 'sharepublisher',
    rotationSeq: 1n,
    issuedAt: 1n,
  });
  const revocation = signKeyRevocation(next, {
    subjectKind: 'sharepublisher',
    reason: 'retired',
    issuedAt: 1n,
  });
  const world = await World.start();
  const peer = world.peer(A).put(revision(share, 1));
  peer.values.set(toHex(rotationKey(share.publicKey)), encodeTagged('key-rotation', rotation));
  peer.values.set(
    toHex(revocationKey(share.publicKey)),
    encodeTagged('key-revocation', { ...revocation, pubkey: share.publicKey }),
  );
  world.follow(share, A);
  expect(await world.sync()).toMatchObject([{ seq_after: 1, error: null }]);
  expect(world.metrics.get('records_refused')).toBe(1);

  const again = await World.start();
  again.peers.set(A, peer);
  peer.values.set(toHex(revocationKey(next.publicKey)), encodeTagged('key-revocation', revocation));
  again.follow(share, A);
  expect(await again.sync()).toMatchObject([{ seq_after: null, error: { code: 'E_SHARE_REVOKED' } }]);
});

test('a peer of dialect 1 is not asked for records it cannot hold', async () => {
  const world = await World.start();
  const peer = world.peer(A).put(revision(share, 1));
  peer.dialect = '1/5';
  world.follow(share, A);
  await world.sync();
  expect(peer.asked).toEqual([201, 400]);
});

test('a dead peer costs its time once a pass, and a rationed one is left alone', async () => {
  const world = await World.start();
  let dials = 0;
  world.peer(A).refuses = () => {
    dials++;
    return failure('E_PEER_UNREACHABLE', 'refused');
  };
  const rationed = world.peer(B);
  rationed.answers = () => {
    throw failure('E_PEER_ERROR', 'dht request rate limit exceeded');
  };
  for (let i = 0; i < 30; i++) world.follow(key(100 + i), A, B);
  expect(await world.sync()).toHaveLength(30);
  expect(dials).toBe(1);
  expect(rationed.asked.length).toBeLessThanOrEqual(8);
});

test('passes come by the clock, never over each other, and end with the actor', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const world = await World.start({ intervalSeconds: 60 }, clock);
  world.known = [A];
  const peer = world.peer(A).put(revision(share, 1));
  world.follow(share);
  expect(peer.asked).toEqual([]);
  await clock.advance(1_000);
  await vi.waitFor(() => expect(world.metrics.get('passes')).toBe(1));
  expect(world.committed).toHaveLength(1);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  peer.answers = async () => {
    await held;
    throw failure('E_PEER_SILENT', 'nothing');
  };
  const asked = peer.asked.length;
  await clock.advance(60_000);
  const one = world.sync();
  const two = world.sync();
  await vi.waitFor(() => expect(peer.asked.length).toBe(asked + 1));
  peer.answers = null;
  release();
  expect(await one).toEqual(await two);
  expect(world.metrics.get('passes')).toBe(3);
  world.stopping.abort(failure('E_ABORTED', 'sync stops'));
  await world.spawned;
});

test('a silent peer does not keep news from being taken', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const world = await World.start({}, clock);
  world.peer(A).answers = () => new Promise(() => {});
  world.peer(B).put(revision(share, 2));
  world.follow(share, A, B);
  const result = world.sync();
  await clock.advance(2_000);
  expect(await result).toMatchObject([{ seq_after: 2, source: B, error: null }]);
  await vi.waitFor(() => expect(clock.pending).toBe(0));
});

test('a new configuration counts at once: a shorter or no interval, and a first one', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const world = await World.start({ intervalSeconds: 3600 }, clock);
  world.known = [A];
  const timers = vi.spyOn(clock, 'after');
  const configure = (intervalSeconds: number) =>
    world.behaviour.handlers.configure({ intervalSeconds, requestsPerSecond: 1 }, world.call);
  world.peer(A).put(revision(share, 1));
  world.peer(B).put(revision(share, 2));
  world.follow(share);
  const passes = (count: number) => vi.waitFor(() => expect(world.metrics.get('passes')).toBe(count));
  await clock.advance(1_000);
  await passes(1);
  expect(world.committed.at(-1)?.source).toBe(A);

  world.known = [B];
  await configure(60);
  await clock.advance(59_000);
  expect(world.metrics.get('passes')).toBe(1);
  await clock.advance(1_000);
  await passes(2);
  expect(world.committed.at(-1)?.source).toBe(B);

  await configure(0);
  await clock.advance(100 * 86_400_000);
  expect(world.metrics.get('passes')).toBe(2);
  expect(clock.pending).toBe(0);

  await configure(10);
  await passes(3);
  // Longer than one timer of the system can wait.
  await configure(100 * 86_400);
  await clock.advance(99 * 86_400_000);
  expect(world.metrics.get('passes')).toBe(3);
  await clock.advance(86_400_000);
  await passes(4);
  expect(Math.max(...timers.mock.calls.map(([ms]) => ms))).toBeLessThan(2 ** 31);
  world.stopping.abort(failure('E_ABORTED', 'sync stops'));
  await world.spawned;
});

test('a pass spread over a long interval ends at once when the interval is shortened', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const world = await World.start({ intervalSeconds: 100_000 }, clock);
  world.known = [A];
  world.peer(A);
  for (let i = 0; i < 4; i++) world.follow(key(20 + i));
  await clock.advance(1_000);
  expect(world.metrics.get('passes')).toBeUndefined();
  await world.behaviour.handlers.configure({ intervalSeconds: 60, requestsPerSecond: 1 }, world.call);
  await vi.waitFor(() => expect(world.metrics.get('passes')).toBe(1));
  world.stopping.abort(failure('E_ABORTED', 'sync stops'));
  await world.spawned;
});
