import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../../src/protocol/addresses/address.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { formatShareLink } from '../../../src/protocol/links/share-link.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import type { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { headOf, key, revision, World } from './world.ts';

const A = 'tcp://127.0.0.1:7001';
const B = 'tcp://127.0.0.2:7001';
const root = key(1);
const volumes = [key(2), key(3), key(4)];
const idOf = (share: ReturnType<typeof key>) => shareIdOf(share.publicKey);
const hexOf = (share: ReturnType<typeof key>) => toHex(idOf(share));

const collection = (seq: number, listed = volumes) =>
  revision(root, seq, { items: [], recommendedShares: listed.map(idOf) });
const volume = (share: ReturnType<typeof key>, seq: number, names = [root]) =>
  revision(share, seq, { recommendedShares: names.map(idOf) });

describe('the volumes of a collection', () => {
  const whole = async (clock?: ManualClock) => {
    const world = await World.start({}, clock);
    const peer = world.peer(A).put(collection(1));
    for (const share of volumes) peer.put(volume(share, 1));
    return { world, peer };
  };
  const followed = (world: World) => [...world.subscriptions.values()].filter(({ root: of }) => of !== null);

  test('come with the one link, each with a key of its own; later only news is taken', async () => {
    const { world, peer } = await whole();
    const address = parseAddress(A);
    const link = formatShareLink(root.publicKey, address.ok ? [address.address] : []);
    const { error } = await world.behaviour.handlers.subscribe(
      { link, trust: 'normal', weight: 1 },
      world.call,
    );
    expect(error).toBeNull();
    expect(followed(world).map(({ shareId, shareKey, seq }) => [shareId, shareKey, seq])).toEqual(
      volumes.map((share) => [hexOf(share), toHex(share.publicKey), 1]),
    );
    expect(world.committed).toHaveLength(4);
    for (const share of volumes) expect(world.refreshed).toContain(hexOf(share));
    expect(await world.sync()).toMatchObject([{ share_id: hexOf(root), source: null, error: null }]);
    expect(world.committed).toHaveLength(4);

    peer.put(volume(volumes[1]!, 2));
    expect(await world.sync()).toMatchObject([{ share_id: hexOf(root), source: A, error: null }]);
    expect(world.committed).toHaveLength(5);
    expect(world.subscriptions.get(hexOf(volumes[1]!))!.seq).toBe(2);

    await world.behaviour.handlers.unsubscribe({ shareId: hexOf(root) }, world.call);
    expect(world.refreshed.slice(-4)).toEqual([hexOf(root), ...volumes.map(hexOf)]);
  });

  test('one that cannot be had does not stop the others, is named, and is had later', async () => {
    const { world, peer } = await whole();
    const missing = volume(volumes[1]!, 1);
    peer.manifests.clear();
    peer.putManifest(collection(1).manifest);
    for (const share of [volumes[0]!, volumes[2]!]) peer.put(volume(share, 1));
    world.follow(root, A);
    expect(await world.sync()).toMatchObject([
      { error: { message: expect.stringMatching(/^volume 2 of 3: /) } },
    ]);
    expect(followed(world)).toHaveLength(2);
    peer.put(missing);
    expect(await world.sync()).toMatchObject([{ source: A, error: null }]);
    expect(followed(world)).toHaveLength(3);
  });

  test('one that does not name the collection is none, whatever the collection lists', async () => {
    const { world, peer } = await whole();
    peer.put(volume(volumes[1]!, 1, []));
    world.follow(root, A);
    expect(await world.sync()).toMatchObject([{ error: { code: 'E_MANIFEST_INVALID' } }]);
    expect(followed(world).map(({ shareId }) => shareId)).toEqual([hexOf(volumes[0]!), hexOf(volumes[2]!)]);
    expect(world.metrics.get('records_refused')).toBeGreaterThan(0);
  });

  test.each([
    [
      'a manifest of another share',
      (peer: ReturnType<World['peer']>) => {
        const other = volume(key(9), 1);
        const head = { ...headOf(key(9), 1, other.manifest), shareId: idOf(volumes[1]!) };
        peer.putHead(head).putManifest(other.manifest);
      },
    ],
    [
      'a manifest that is not the one named',
      (peer: ReturnType<World['peer']>) => {
        const { head } = volume(volumes[1]!, 1);
        peer.putHead(head).putManifest(volume(volumes[1]!, 7).manifest, head.latestManifestId);
      },
    ],
  ])('%s teaches no key; another peer does', async (_, spoil) => {
    const { world, peer } = await whole();
    spoil(peer);
    world.follow(root, A);
    const [first] = await world.sync();
    expect(first!.error).not.toBeNull();
    expect(world.subscriptions.has(hexOf(volumes[1]!))).toBe(false);
    const good = world.peer(B).put(collection(1));
    for (const share of volumes) good.put(volume(share, 1));
    world.follow(root, A, B);
    await world.sync();
    expect(world.subscriptions.get(hexOf(volumes[1]!))).toMatchObject({
      shareKey: toHex(volumes[1]!.publicKey),
    });
  });

  test('what is not listed any more leaves the search', async () => {
    const { world, peer } = await whole();
    world.follow(root, A);
    await world.sync();
    world.refreshed.length = 0;
    peer.put(collection(2, volumes.slice(1)));
    await world.sync();
    expect(world.refreshed).toContain(hexOf(volumes[0]!));
  });

  test('a share that only recommends others is no collection', async () => {
    const world = await World.start();
    const peer = world.peer(A).put(revision(root, 1, { recommendedShares: volumes.map(idOf) }));
    for (const share of volumes) peer.put(volume(share, 1));
    world.follow(root, A);
    expect(await world.sync()).toMatchObject([{ items: 1, error: null }]);
    expect(followed(world)).toEqual([]);
  });

  test('a volume that is followed by itself stays so', async () => {
    const { world } = await whole();
    world.follow(volumes[0]!, A);
    world.follow(root, A);
    await world.sync();
    expect(followed(world)).toHaveLength(2);
    expect(world.subscriptions.get(hexOf(volumes[0]!))).toMatchObject({ root: null, seq: 1 });
  });
});
