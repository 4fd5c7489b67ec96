import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ItemRow } from '../../../src/actors/share-types.ts';
import { Secret } from '../../../src/actors/store/secret.ts';
import { volumeSeed } from '../../../src/actors/store/volumes.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { decodeManifest } from '../../../src/protocol/objects/manifest.ts';
import { findHead } from './ask-wire.ts';
import { idOf, item, key, manifestItem, published, revision, source, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

describe('collections', () => {
  let place: Place;
  let life: Life;
  beforeEach(async () => {
    place = await Place.make();
    life = await Life.start(place, { keys: 'plain' });
  });
  afterEach(async () => {
    await life.stop();
    await place.remove();
  });
  const restart = async () => {
    await life.stop();
    life = await Life.start(place, { keys: 'plain' });
  };

  describe('of this node', () => {
    /** Two volumes of two files each behind one share. */
    const publish = async (name = 'many', numbers = [1, 2, 3, 4]) => {
      const root = await life.ask('openShare', { name });
      const volumes: string[] = [];
      for (const [volume, from] of [0, 2].entries()) {
        const { shareId } = await life.ask('openVolume', { shareId: root.shareId, volume });
        const items = numbers.slice(from, from + 2).map((n) => item(n));
        await life.ask(
          'commitRevision',
          revision(shareId, items, { recommended: [root.shareId], roots: [] }),
        );
        volumes.push(shareId);
      }
      const committed = await life.ask(
        'commitRevision',
        revision(root.shareId, [], { recommended: volumes }),
      );
      return { shareId: root.shareId, volumes, ...committed };
    };

    test('are one share in every list, with the files of all volumes', async () => {
      const { shareId, volumes, manifestId } = await publish();
      expect(await life.ask('ownShares', null)).toMatchObject([
        {
          shareId,
          name: 'many',
          items: 4,
          volumes: 2,
          bytes: [1, 2, 3, 4].reduce((sum, n) => sum + item(n).size, 0),
        },
      ]);
      expect(await life.ask('ownVolumes', { shareId })).toMatchObject([
        { shareId: volumes[0], volume: 0, items: 2 },
        { shareId: volumes[1], volume: 1, items: 2 },
      ]);
      const manifest = decodeManifest((await life.ask('manifest', { manifestId }))!);
      expect(manifest.recommendedShares.map(toHex)).toEqual(volumes);
      for (const id of [shareId, ...volumes]) expect(await findHead(life, id)).not.toBeNull();
      const { items: found } = await life.ask('resolve', { target: item(3).contentId, cursor: 0 });
      expect(found).toMatchObject([{ shareId, name: 'file-3.bin' }]);
      // A page does not go over the end of a volume.
      const names: string[] = [];
      for (let cursor: number | null = 0; cursor !== null; ) {
        const page: { items: readonly ItemRow[]; next: number | null } = await life.ask('resolve', {
          target: 'many',
          cursor,
        });
        names.push(...page.items.map(({ name }) => name));
        cursor = page.next;
      }
      expect(names).toEqual([1, 2, 3, 4].map((n) => `file-${n}.bin`));
      expect((await life.ask('resolve', { target: `${shareId}/file-4.bin`, cursor: 0 })).items).toMatchObject(
        [{ shareId }],
      );
    });

    test('are listed page by page over the ends of volumes', async () => {
      const { shareId } = await publish();
      for (const limit of [1, 2, 3, 1000]) {
        const names: string[] = [];
        let cursor: number | null = 0;
        for (let pages = 0; cursor !== null; pages++) {
          expect(pages).toBeLessThan(6);
          const page: { items: readonly { name: string }[]; next: number | null } = await life.ask('items', {
            share: shareId,
            cursor,
            limit,
          });
          names.push(...page.items.map(({ name }) => name));
          cursor = page.next;
        }
        expect(names).toEqual([1, 2, 3, 4].map((n) => `file-${n}.bin`));
      }
    });

    test('keep the keys of volumes nowhere, and sign with them after a restart', async () => {
      const { shareId, volumes } = await publish();
      const names = readdirSync(join(place.home, 'keys')).filter((name) => name.startsWith('share-'));
      expect(names).toEqual([`share-${shareId}.plain`]);
      await restart();
      const again = await life.ask('openVolume', { shareId, volume: 1 });
      expect(again.shareId).toBe(volumes[1]);
      const changed = revision(again.shareId, [item(3), item(9)], { recommended: [shareId], roots: [] });
      expect(await life.ask('commitRevision', changed)).toMatchObject({ seq: 2 });
      expect(await life.ask('ownShares', null)).toMatchObject([{ seq: 1, items: 4 }]);
    });

    test('the key of a volume is that of the share, its number and nothing else', () => {
      const seed = new Secret(new Uint8Array(32).fill(1));
      const hex = (volume: number) => toHex(volumeSeed(seed, volume).reveal());
      expect(hex(0)).toBe(hex(0));
      expect(new Set([0, 1, 256, 65_536].map(hex)).size).toBe(4);
      expect(toHex(volumeSeed(new Secret(new Uint8Array(32).fill(2)), 0).reveal())).not.toBe(hex(0));
      // Written down: another node with the same key must find the same volumes.
      expect(hex(0)).toBe('6c34e2838038a055a44e85701750e0c01d8da798979e0f20878ec65a7ff4b1d7');
    });

    test('know where their files lie, and what is gone, under the one share', async () => {
      const { shareId } = await publish();
      const { places, next } = await life.ask('items', { share: shareId, cursor: 0, limit: 10 });
      const { places: second } = await life.ask('items', { share: shareId, cursor: next!, limit: 10 });
      const known = (...numbers: number[]) => ({
        roots: [{ path: '/data', kind: 'folder', inside: '' }],
        sources: numbers.map((number) => ({ ...source(item(number)), damaged: false })),
      });
      expect([places, second]).toEqual([known(1, 2), known(3, 4)]);
      await life.ask('sourceGone', (await life.ask('lease', { contentId: item(4).contentId }))!);
      expect(await life.ask('goneSources', { after: null })).toMatchObject([
        { shareId, path: source(item(4)).path },
      ]);
    });

    test('are taken back whole, and come back under the same links', async () => {
      const { shareId, volumes } = await publish();
      expect(await life.ask('unshare', { shareId, forgetKey: false })).toEqual({ name: 'many', items: 4 });
      for (const id of [shareId, ...volumes]) expect(await findHead(life, id)).toBeNull();
      expect(await life.ask('lease', { contentId: item(4).contentId })).toBeNull();
      expect(await publish()).toMatchObject({ shareId, volumes, seq: 2 });
      await life.ask('unshare', { shareId, forgetKey: true });
      expect((await publish()).volumes).not.toEqual(volumes);
    });

    test('one volume that ran empty is taken back by itself, and its number can be used again', async () => {
      const { shareId, volumes } = await publish();
      await life.ask('unshare', { shareId: volumes[1]!, forgetKey: false });
      expect(await life.ask('ownShares', null)).toMatchObject([{ items: 2, volumes: 1 }]);
      expect((await life.ask('openVolume', { shareId, volume: 1 })).shareId).toBe(volumes[1]);
    });

    test('a share whose numbers are not sure has volumes whose numbers are not sure', async () => {
      const sealed = await life.ask('exportKey', { key: 'node', passphrase: 'x' });
      const { shareId } = await life.ask('importKey', {
        sealed,
        name: 'theirs',
        opener: { passphrase: 'x' },
      });
      expect(await life.ask('openVolume', { shareId, volume: 0 })).toMatchObject({ unsure: true });
    });
  });

  describe('of others', () => {
    const root = key(5);
    const volumes = [key(6), key(7)];
    const rootId = idOf(root);
    const octets = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
    const listing = (seq: number, ids = volumes.map(idOf)) =>
      published(root, seq, { items: [], recommendedShares: ids.map(octets) }).offer;
    const volumeOffer = (i: number, seq = 1, names = [rootId]) =>
      published(volumes[i]!, seq, {
        items: [manifestItem(10 * i + 1), manifestItem(10 * i + 2)],
        recommendedShares: names.map(octets),
      }).offer;
    const join = (i: number) =>
      life.ask('subscribeVolume', {
        root: rootId,
        shareId: idOf(volumes[i]!),
        shareKey: toHex(volumes[i]!.publicKey),
      });
    const follow = async () => {
      await life.ask('subscribe', { ...subscription(root), trust: 'trusted', weight: 2 });
      await life.ask('commitManifest', listing(1));
      for (const i of [1, 0]) {
        await join(i);
        await life.ask('commitManifest', volumeOffer(i));
      }
    };

    test('are one subscription, its volumes with its trust, weight and peers', async () => {
      await follow();
      expect(await life.ask('subscriptions', null)).toMatchObject([
        { shareId: rootId, root: null, items: 4, volumes: volumes.map(idOf) },
      ]);
      const all = await life.ask('subscriptions', { volumes: true });
      expect(all).toHaveLength(3);
      for (const volume of all.slice(1)) {
        expect(volume).toMatchObject({
          root: rootId,
          trust: 'trusted',
          weight: 2,
          peers: subscription(root).peers,
        });
      }
      const page = await life.ask('items', { share: rootId, cursor: 0, limit: 10 });
      expect(page.items.map(({ name }) => name)).toEqual(['file-1.bin', 'file-2.bin']);
      expect((await life.ask('items', { share: rootId, cursor: page.next!, limit: 10 })).items).toMatchObject(
        [{ name: 'file-11.bin' }, { name: 'file-12.bin' }],
      );
      expect((await life.ask('resolve', { target: `${rootId}/file-12.bin`, cursor: 0 })).items).toMatchObject(
        [{ shareId: rootId }],
      );
      expect((await life.ask('resolve', { target: item(12).contentId, cursor: 0 })).items).toMatchObject([
        { shareId: rootId },
      ]);
    });

    test('a volume that does not name the collection is refused, and one that is not listed', async () => {
      await life.ask('subscribe', subscription(root));
      await life.ask('commitManifest', listing(1, [idOf(volumes[0]!)]));
      await join(0);
      await expect(life.ask('commitManifest', volumeOffer(0, 1, []))).rejects.toMatchObject({
        code: 'E_MANIFEST_INVALID',
      });
      await expect(join(1)).rejects.toMatchObject({ code: 'E_USAGE' });
      await expect(
        life.ask('subscribeVolume', { root: rootId, shareId: idOf(volumes[0]!), shareKey: '00'.repeat(32) }),
      ).rejects.toMatchObject({ code: 'E_LINK_INVALID' });
    });

    test('what is not listed any more goes, with its manifest', async () => {
      await follow();
      await life.ask('commitManifest', listing(2, [idOf(volumes[1]!)]));
      expect(await life.ask('subscriptions', null)).toMatchObject([
        { items: 2, volumes: [idOf(volumes[1]!)] },
      ]);
      expect(readdirSync(`${place.home}/manifests`)).toHaveLength(2);
      await restart();
      expect(await life.ask('subscriptions', { volumes: true })).toHaveLength(2);
    });

    test('an ordinary share that recommends others is no collection', async () => {
      await life.ask('subscribe', subscription(root));
      const recommended = volumes.map((each) => octets(idOf(each)));
      await life.ask('commitManifest', published(root, 1, { recommendedShares: recommended }).offer);
      expect(await life.ask('subscriptions', null)).toMatchObject([{ volumes: [] }]);
      await expect(join(0)).rejects.toMatchObject({ code: 'E_USAGE' });
    });

    test('a volume that is subscribed by itself stays so', async () => {
      await life.ask('subscribe', subscription(volumes[0]!));
      await life.ask('subscribe', subscription(root));
      await life.ask('commitManifest', listing(1));
      expect(await join(0)).toMatchObject({ root: null });
      await life.ask('unsubscribe', { shareId: rootId });
      expect(await life.ask('subscriptions', { volumes: true })).toMatchObject([
        { shareId: idOf(volumes[0]!) },
      ]);
    });

    test('unsubscribed, all of it is gone', async () => {
      await follow();
      expect(await life.ask('unsubscribe', { shareId: rootId })).toEqual({ removed: true });
      expect(await life.ask('subscriptions', { volumes: true })).toEqual([]);
      await life.settled();
      expect(readdirSync(`${place.home}/manifests`)).toEqual([]);
    });
  });
});
