import { readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { concatBytes, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { decodeManifest, encodeManifest } from '../../../src/protocol/objects/manifest.ts';
import { findHead } from './ask-wire.ts';
import { damage } from './damage.ts';
import { head, idOf, item, key, manifestItem, published, revision, subscription } from './objects.ts';
import { Life, NOW, Place } from './world.ts';

const share = key(5);
const shareId = idOf(share);
const other = key(6);

describe('subscriptions', () => {
  let place: Place;
  let life: Life;
  beforeEach(async () => {
    place = await Place.make();
    life = await Life.start(place);
  });
  afterEach(async () => {
    await life.stop();
    await place.remove();
  });

  const restart = async () => {
    await life.stop();
    life = await Life.start(place);
  };
  const manifestFiles = () => readdirSync(join(place.home, 'manifests'));
  const held = async () => await life.ask('subscription', { shareId });

  test('subscribing keeps key, trust, weight and peers; nothing is known of the share yet', async () => {
    const made = await life.ask('subscribe', { ...subscription(share), trust: 'trusted', weight: 2.5 });
    expect(made).toEqual({
      shareId,
      shareKey: toHex(share.publicKey),
      trust: 'trusted',
      weight: 2.5,
      peers: ['tcp://192.0.2.1:7001'],
      title: null,
      description: null,
      seq: null,
      source: null,
      manifestId: null,
      items: 0,
      bytes: 0,
      volumes: [],
      root: null,
      lastSync: null,
      lastError: null,
    });
    await life.ask('subscribe', subscription(other));
    const all = await life.ask('subscriptions', null);
    expect(all.map((each) => each.shareId)).toEqual([shareId, idOf(other)]);
    await restart();
    expect(await life.ask('subscriptions', null)).toEqual(all);
    expect(await held()).toEqual(made);
    expect(await life.ask('subscription', { shareId: '00'.repeat(32) })).toBeNull();
  });

  test('once more: trust and weight as said now, peers merged, what is held stays', async () => {
    await life.ask('subscribe', subscription(share, ['a', 'b']));
    await life.ask('commitManifest', published(share, 3).offer);
    const again = await life.ask('subscribe', {
      ...subscription(share, ['c', 'a']),
      trust: 'untrusted',
      weight: 0,
    });
    expect(again).toMatchObject({ trust: 'untrusted', weight: 0, peers: ['c', 'a', 'b'], seq: 3, items: 2 });
    const many = Array.from({ length: 100 }, (_, i) => `peer ${i}`);
    const { peers } = await life.ask('subscribe', subscription(share, many));
    expect(peers).toEqual(many.slice(0, 64));
    expect(await life.ask('subscriptions', null)).toHaveLength(1);
  });

  test.each([
    ['a key of another share', { shareKey: toHex(other.publicKey) }, 'E_LINK_INVALID'],
    ['a key that is none', { shareKey: 'xyz' }, 'E_USAGE'],
    ['an endless weight', { weight: Number.POSITIVE_INFINITY }, 'E_USAGE'],
    ['a weight below nothing', { weight: -1 }, 'E_USAGE'],
    ['a trust that is none', { trust: 'blind' as never }, 'E_USAGE'],
  ])('%s is refused', async (_, change, code) => {
    await expect(life.ask('subscribe', { ...subscription(share), ...change })).rejects.toMatchObject({
      code,
    });
    expect(await life.ask('subscriptions', null)).toEqual([]);
  });

  test('a revision is taken, kept over a restart, and replaced by the next', async () => {
    await life.ask('subscribe', subscription(share));
    const first = published(share, 1);
    expect(await life.ask('commitManifest', first.offer)).toMatchObject({
      seq: 1,
      manifestId: first.manifestId,
      title: 'revision 1',
      description: 'of somebody else',
      items: 2,
      bytes: item(1).size + item(101).size,
    });
    await restart();
    expect(await held()).toMatchObject({ seq: 1, title: 'revision 1' });
    expect(await life.ask('manifest', { manifestId: first.manifestId })).toEqual(first.offer.manifest);
    const second = published(share, 9, { items: [manifestItem(4)] });
    expect(await life.ask('commitManifest', second.offer)).toMatchObject({ seq: 9, items: 1 });
    expect(manifestFiles()).toEqual([second.manifestId]);
    expect(await findHead(life, shareId)).toEqual(second.offer.head);
    expect(life.metrics.get('commits')).toBeGreaterThan(0);
  });

  const good = published(share, 5);
  const forgeries: [string, string, () => Partial<typeof good.offer>][] = [
    ['a head signed by somebody else', 'E_HEAD_INVALID', () => ({ head: head(other, 5, good.manifest) })],
    [
      'a head with a bit turned',
      'E_HEAD_INVALID',
      () => ({ head: good.offer.head.map((b, i, all) => (i === all.length - 1 ? b ^ 1 : b)) }),
    ],
    ['a head that is none', 'E_HEAD_INVALID', () => ({ head: Uint8Array.of(0xa0) })],
    ['a manifest that is none', 'E_MANIFEST_INVALID', () => ({ manifest: Uint8Array.of(0xff) })],
    ['an empty manifest', 'E_MANIFEST_INVALID', () => ({ manifest: new Uint8Array() })],
    [
      'another manifest than the head names',
      'E_MANIFEST_INVALID',
      () => ({ manifest: published(share, 6).offer.manifest }),
    ],
    [
      'another manifest of the same number',
      'E_MANIFEST_INVALID',
      () => ({ manifest: published(share, 5, { title: 'another' }).offer.manifest }),
    ],
    [
      'an item changed after signing',
      'E_MANIFEST_INVALID',
      () => {
        const manifest = { ...good.manifest, items: [manifestItem(66)] };
        return { head: head(share, 5, manifest), manifest: encodeManifest(manifest) };
      },
    ],
    [
      'no signature',
      'E_MANIFEST_INVALID',
      () => {
        const manifest = { ...good.manifest, signature: null };
        return { head: head(share, 5, manifest), manifest: encodeManifest(manifest) };
      },
    ],
    [
      'a manifest of another share',
      'E_MANIFEST_INVALID',
      () => {
        const theirs = published(other, 5);
        return { head: head(share, 5, theirs.manifest), manifest: theirs.offer.manifest };
      },
    ],
    ['two numbers', 'E_MANIFEST_INVALID', () => ({ head: head(share, 6, good.manifest) })],
    [
      'an expired manifest',
      'E_MANIFEST_INVALID',
      () => published(share, 5, { expiresAt: BigInt(NOW) - 1n }).offer,
    ],
    [
      'a chunk count that lies',
      'E_MANIFEST_INVALID',
      () => published(share, 5, { items: [manifestItem(1, { chunkCount: 9 })] }).offer,
    ],
    [
      'a name with NUL',
      'E_MANIFEST_INVALID',
      () => published(share, 5, { items: [manifestItem(1, { name: 'a\0' })] }).offer,
    ],
    [
      'a number beyond counting',
      'E_HEAD_INVALID',
      () => {
        const { manifest } = good;
        return { head: head(share, 2 ** 60, manifest) };
      },
    ],
  ];
  test.each(forgeries)('%s is refused, and what was held stays', async (_, code, forge) => {
    await life.ask('subscribe', subscription(share));
    const before = await life.ask('commitManifest', published(share, 4).offer);
    await expect(life.ask('commitManifest', { ...good.offer, ...forge() })).rejects.toMatchObject({
      code,
      subject: shareId,
    });
    expect(await held()).toEqual(before);
    expect(manifestFiles()).toEqual([before.manifestId]);
    expect(await life.ask('commitManifest', good.offer)).toMatchObject({ seq: 5 });
  });

  test('numbers only go up; the same revision once more is fine, another one of its number is not', async () => {
    await life.ask('subscribe', subscription(share));
    const five = published(share, 5);
    const taken = await life.ask('commitManifest', five.offer);
    expect(await life.ask('commitManifest', five.offer)).toEqual(taken);
    for (const offer of [published(share, 4).offer, published(share, 5, { title: 'other' }).offer]) {
      await expect(life.ask('commitManifest', offer)).rejects.toMatchObject({ code: 'E_HEAD_INVALID' });
    }
    await restart();
    await expect(life.ask('commitManifest', published(share, 4).offer)).rejects.toMatchObject({
      code: 'E_HEAD_INVALID',
    });
    expect(await held()).toEqual(taken);
    expect(manifestFiles()).toEqual([five.manifestId]);
  });

  test('of two heads of one revision the later stays', async () => {
    await life.ask('subscribe', subscription(share));
    const { offer, manifest } = published(share, 5);
    const later = head(share, 5, manifest, 100n);
    for (const each of [offer.head, later, offer.head])
      await life.ask('commitManifest', { ...offer, head: each });
    expect(await findHead(life, shareId)).toEqual(later);
  });

  test('what stands beside the fields of a manifest is not kept', async () => {
    await life.ask('subscribe', subscription(share));
    const { offer, manifestId } = published(share, 1);
    await life.ask('commitManifest', {
      ...offer,
      manifest: concatBytes(offer.manifest, Buffer.alloc(5000, 1)),
    });
    expect(await life.ask('manifest', { manifestId })).toEqual(offer.manifest);
  });

  test('a share that is not subscribed takes nothing', async () => {
    const { offer } = published(share, 1);
    await expect(life.ask('commitManifest', offer)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(life.ask('noteSync', { shareId, error: null })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    expect(manifestFiles()).toEqual([]);
  });

  test('unsubscribing drops items, manifest and file, once', async () => {
    await life.ask('subscribe', subscription(share));
    const { offer, manifestId } = published(share, 1);
    await life.ask('commitManifest', offer);
    expect(await life.ask('unsubscribe', { shareId })).toEqual({ removed: true });
    expect(await life.ask('unsubscribe', { shareId })).toEqual({ removed: false });
    expect(manifestFiles()).toEqual([]);
    expect(await life.ask('manifest', { manifestId })).toBeNull();
    expect(await findHead(life, shareId)).toBeNull();
    await expect(life.ask('items', { share: shareId, cursor: 0, limit: 1 })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    await expect(life.ask('resolve', { target: item(1).contentId, cursor: 0 })).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    // A new subscription knows nothing of the old one's number.
    await life.ask('subscribe', subscription(share));
    expect(await life.ask('commitManifest', offer)).toMatchObject({ seq: 1 });
  });

  test('a manifest that an own share has too outlives the subscription', async () => {
    const own = await life.ask('openShare', { name: 'mine' });
    const committed = await life.ask('commitRevision', revision(own.shareId, [item(1)]));
    const octets = (await life.ask('manifest', { manifestId: committed.manifestId }))!;
    await life.ask('subscribe', { ...own, trust: 'normal', weight: 1, peers: [] });
    const offer = {
      shareId: own.shareId,
      head: (await findHead(life, own.shareId))!,
      manifest: octets,
      source: 's',
    };
    expect(await life.ask('commitManifest', offer)).toMatchObject({ seq: 1, items: 1 });
    await life.ask('unsubscribe', { shareId: own.shareId });
    expect(await life.ask('manifest', { manifestId: committed.manifestId })).toEqual(octets);
    expect(await life.ask('items', { share: own.shareId, cursor: 0, limit: 5 })).toMatchObject({
      items: [{}],
      next: null,
    });
  });

  test('a sync that went well is dated; one that failed says why and keeps the date', async () => {
    await life.ask('subscribe', subscription(share));
    const error = { code: 'E_TIMEOUT', message: 'late'.repeat(1000) };
    await life.ask('noteSync', { shareId, error });
    expect(await held()).toMatchObject({
      lastSync: null,
      lastError: { code: 'E_TIMEOUT', message: error.message.slice(0, 1024) },
    });
    await life.ask('noteSync', { shareId, error: null });
    expect(await held()).toMatchObject({ lastSync: NOW, lastError: null });
    await life.clock.advance(10_000);
    await life.ask('noteSync', { shareId, error });
    await restart();
    expect(await held()).toMatchObject({ lastSync: NOW, lastError: { code: 'E_TIMEOUT' } });
  });

  test.each(['damaged', 'gone before the start', 'gone after the start', 'a folder'])(
    'a manifest file that is %s is noticed, and the next sync brings it again',
    async (what) => {
      await life.ask('subscribe', subscription(share));
      const { offer, manifestId } = published(share, 2);
      await life.ask('commitManifest', offer);
      const path = join(place.home, 'manifests', manifestId);
      if (what === 'damaged') await damage(path);
      else await rm(path);
      if (what === 'a folder') await writeFile(path, 'nothing of the kind');
      if (what === 'gone before the start') await restart();
      expect(await life.ask('manifest', { manifestId })).toBeNull();
      expect(life.log.filter(({ level }) => level === 'error')).toHaveLength(1);
      expect(await held()).toMatchObject({ seq: null, manifestId: null, items: 0 });
      // Its number is not forgotten with it.
      const second = published(share, 2, { title: 'a second one' });
      await expect(life.ask('commitManifest', second.offer)).rejects.toMatchObject({
        code: 'E_HEAD_INVALID',
      });
      expect(await life.ask('commitManifest', offer)).toMatchObject({ seq: 2, items: 2 });
      expect(decodeManifest((await life.ask('manifest', { manifestId }))!).title).toBe('revision 2');
    },
  );
});
