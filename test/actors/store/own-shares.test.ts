import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import { decodeManifest, manifestId, verifyManifest } from '../../../src/protocol/objects/manifest.ts';
import { shareHead, verifyShareHead } from '../../../src/protocol/objects/share-head.ts';
import { findHead } from './ask-wire.ts';
import { damage } from './damage.ts';
import { content, item, published, revision, source } from './objects.ts';
import { Life, NOW, Place } from './world.ts';

describe('own shares', () => {
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
  const open = async (name = 'music') => (await life.ask('openShare', { name })).shareId;
  const manifestFiles = () => readdirSync(join(place.home, 'manifests'));

  test('a name is one share with a key of its own, for ever', async () => {
    const share = await life.ask('openShare', { name: 'music' });
    expect(share).toEqual({
      shareId: expect.stringMatching(/^[0-9a-f]{64}$/),
      shareKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      name: 'music',
      title: null,
      public: false,
      seq: 0,
      manifestId: null,
      items: 0,
      bytes: 0,
      updatedAt: NOW,
      roots: [],
      tags: [],
      volumes: 0,
      watch: false,
      unsure: false,
    });
    const other = await life.ask('openShare', { name: 'Music' });
    expect(other.shareKey).not.toBe(share.shareKey);
    await restart();
    expect(await life.ask('openShare', { name: 'music' })).toEqual(share);
    expect(await life.ask('ownShares', null)).toEqual([other, share]);
  });

  test.each(['', 'a/b', 'tab\there', 'x'.repeat(256), 'ab'.repeat(32), '\ud800'])(
    'no share is called %j',
    async (name) => {
      await expect(life.ask('openShare', { name })).rejects.toMatchObject({ code: 'E_USAGE' });
      expect(await life.ask('ownShares', null)).toEqual([]);
    },
  );

  test('a revision is signed by the key of the share, head and manifest', async () => {
    const share = await life.ask('openShare', { name: 'music' });
    const items = [item(1, { path: 'a/b/one.bin', mime: 'audio/flac', tags: ['x', 'y'] }), item(2)];
    const committed = await life.ask('commitRevision', revision(share.shareId, items, { public: false }));
    expect(committed).toEqual({ seq: 1, manifestId: expect.any(String), changed: true });

    const manifest = decodeManifest((await life.ask('manifest', { manifestId: committed.manifestId }))!);
    expect(verifyManifest(manifest, BigInt(NOW))).toEqual({ ok: true });
    expect(toHex(manifestId(manifest))).toBe(committed.manifestId);
    expect(manifest).toMatchObject({
      version: 1,
      seq: 1n,
      createdAt: BigInt(NOW),
      expiresAt: null,
      title: 'a title',
      visibility: 'private',
      communities: [],
      recommendedShares: [],
    });
    expect(toHex(manifest.sharePubkey)).toBe(share.shareKey);
    expect(
      manifest.items.map(({ name, path, mime, tags, size }) => ({ name, path, mime, tags, size })),
    ).toEqual(items.map(({ name, path, mime, tags, size }) => ({ name, path, mime, tags, size })));
    const octets = await findHead(life, share.shareId);
    expect(verifyShareHead(shareHead.read(new Reader(octets!)), manifest.sharePubkey)).toEqual({ ok: true });
    expect(await life.ask('ownShares', null)).toEqual([
      {
        ...share,
        title: 'a title',
        public: false,
        seq: 1,
        manifestId: committed.manifestId,
        items: 2,
        bytes: items[0]!.size + items[1]!.size,
        updatedAt: NOW,
        roots: [{ path: '/data', kind: 'folder', inside: '' }],
      },
    ]);
  });

  test('numbers go up by one, the old manifest goes, and a restart keeps everything', async () => {
    const shareId = await open();
    const first = await life.ask('commitRevision', revision(shareId, [item(1)]));
    await life.clock.advance(5_000);
    const second = await life.ask('commitRevision', revision(shareId, [item(1), item(2)]));
    expect(second).toMatchObject({ seq: 2, changed: true });
    expect(manifestFiles()).toEqual([second.manifestId]);
    expect(await life.ask('manifest', { manifestId: first.manifestId })).toBeNull();
    const before = [await life.ask('ownShares', null), await life.ask('sourcesOf', { shareId })];
    expect(before[0]).toMatchObject([{ seq: 2, items: 2, updatedAt: NOW + 5 }]);
    await restart();
    expect([await life.ask('ownShares', null), await life.ask('sourcesOf', { shareId })]).toEqual(before);
    expect(await life.ask('manifest', { manifestId: second.manifestId })).not.toBeNull();
    expect(await life.ask('commitRevision', revision(shareId, [item(3)]))).toMatchObject({ seq: 3 });
  });

  test('an unchanged catalog keeps number and signature, and yet takes note of moved files', async () => {
    const shareId = await open();
    const first = await life.ask('commitRevision', revision(shareId, [item(1), item(2)]));
    await life.clock.advance(60_000);
    const moved = [source(item(1), { path: '/elsewhere/1' }), source(item(2))];
    const again = await life.ask('commitRevision', revision(shareId, [item(1), item(2)], { sources: moved }));
    expect(again).toEqual({ ...first, changed: false });
    expect(await life.ask('lease', { contentId: item(1).contentId })).toMatchObject({ path: '/elsewhere/1' });
    expect(await life.ask('ownShares', null)).toMatchObject([{ seq: 1, updatedAt: NOW }]);
  });

  test.each([
    ['the title', { title: 'another' }],
    ['the visibility', { public: false }],
    ['the order', { items: [item(2), item(1)] }],
    ['a name', { items: [item(1, { name: 'renamed' }), item(2)] }],
    ['a tag', { items: [item(1, { tags: ['t'] }), item(2)] }],
  ])('%s makes a new revision', async (_, change) => {
    const shareId = await open();
    await life.ask('commitRevision', revision(shareId, [item(1), item(2)]));
    expect(await life.ask('commitRevision', revision(shareId, [item(1), item(2)], change))).toMatchObject({
      seq: 2,
      changed: true,
    });
  });

  test('an empty share is a share', async () => {
    const shareId = await open();
    expect(await life.ask('commitRevision', revision(shareId, []))).toMatchObject({ seq: 1 });
    expect(await life.ask('ownShares', null)).toMatchObject([{ items: 0, bytes: 0, seq: 1 }]);
    expect(await life.ask('sourcesOf', { shareId })).toEqual([]);
  });

  test('the most that the network carries is taken', async () => {
    const shareId = await open();
    const items = Array.from({ length: 3000 }, (_, i) => item(i, { name: `${i}`, size: 5 }));
    expect(await life.ask('commitRevision', revision(shareId, items))).toMatchObject({ seq: 1 });
    expect((await life.ask('sourcesOf', { shareId })).length).toBe(3000);
  });

  const chunks = (count: number) => item(1, { size: count * CHUNK_SIZE, chunkCount: count });
  test.each([
    ['3,001 files', () => Array.from({ length: 3001 }, (_, i) => item(i, { size: 5 }))],
    [
      '100,001 chunks',
      () => [
        ...[1, 2, 3].map((n) => item(n, { size: 30_000 * CHUNK_SIZE })),
        item(4, { size: 10_001 * CHUNK_SIZE }),
      ],
    ],
    ['a file with more chunks than a reply lists', () => [chunks(30_840)]],
    [
      'a list above a payload',
      () => Array.from({ length: 2000 }, (_, i) => item(i, { size: 5, path: `${i}${'p'.repeat(400)}` })),
    ],
  ])('%s: E_SHARE_TOO_LARGE, and nothing is changed', async (_, items) => {
    const shareId = await open();
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    await expect(
      life.ask('commitRevision', revision(shareId, items(), { sources: [] })),
    ).rejects.toMatchObject({
      code: 'E_SHARE_TOO_LARGE',
    });
    expect(await life.ask('ownShares', null)).toMatchObject([{ seq: 1, items: 1 }]);
    expect(manifestFiles()).toHaveLength(1);
  });

  test('a file whose list just fits a reply is taken', async () => {
    const shareId = await open();
    expect(await life.ask('commitRevision', revision(shareId, [chunks(30_839)]))).toMatchObject({ seq: 1 });
  });

  test.each([
    ['a chunk count that is not that of the size', { items: [item(1, { chunkCount: 7 })] }],
    ['a title above all measure', { title: 't'.repeat(2000) }],
    ['a name with NUL', { items: [item(1, { name: 'a\0b' })] }],
    ['a content id that is none', { items: [item(1, { contentId: 'xyz' })], sources: [] }],
    ['a source of nothing', { sources: [source(item(9))] }],
    ['a source of another size', { sources: [source(item(1), { size: 3 })] }],
  ])('%s: E_USAGE', async (_, change) => {
    const shareId = await open();
    await expect(life.ask('commitRevision', revision(shareId, [item(1)], change))).rejects.toMatchObject({
      code: 'E_USAGE',
    });
    expect(await life.ask('ownShares', null)).toMatchObject([{ seq: 0 }]);
  });

  test('a share that is not ours: E_NOT_FOUND', async () => {
    const shareId = 'ab'.repeat(32);
    await expect(life.ask('commitRevision', revision(shareId, []))).rejects.toMatchObject({
      code: 'E_NOT_FOUND',
    });
    await expect(life.ask('sourcesOf', { shareId })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(life.ask('sourcesOf', { shareId: 'ab' })).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  test('without its key a share is still served, but not signed anew', async () => {
    const shareId = await open();
    await life.ask('commitRevision', revision(shareId, [item(1)]));
    await rm(join(place.home, 'keys', `share-${shareId}.sealed`));
    await restart();
    await expect(life.ask('commitRevision', revision(shareId, [item(2)]))).rejects.toMatchObject({
      code: 'E_HOME_UNUSABLE',
      subject: shareId,
    });
    expect(await findHead(life, shareId)).not.toBeNull();
    expect(await life.ask('ownShares', null)).toMatchObject([{ seq: 1, items: 1 }]);
  });

  test('a folder restored from a backup signs above what is out already', async () => {
    const share = await life.ask('openShare', { name: 'music' });
    await life.ask('commitRevision', revision(share.shareId, [item(1)]));
    await life.stop();
    life = await Life.start(place, { keys: 'plain' });
    const seed = readFileSync(join(place.home, 'keys', `share-${share.shareId}.plain`));
    const key = keyPairFromSeed(new Uint8Array(seed));
    // What the other life of this share has published meanwhile, got by subscribing to it.
    const later = published(key, 7);
    await life.ask('subscribe', { ...share, trust: 'normal', weight: 1, peers: [] });
    await life.ask('commitManifest', later.offer);
    const again = await life.ask('commitRevision', revision(share.shareId, [item(1)]));
    expect(again).toMatchObject({ seq: 8, changed: true });
    const octets = await findHead(life, share.shareId);
    expect(shareHead.read(new Reader(octets!)).latestSeq).toBe(8n);
    expect(existsSync(join(place.home, 'manifests', later.manifestId))).toBe(true);
    // Both are known; of the two the newer is listed.
    const page = await life.ask('items', { share: share.shareId, cursor: 0, limit: 10 });
    expect(page.items.map(({ name }) => name)).toEqual(['file-1.bin']);
  });

  test.each([true, false])(
    'a manifest that went bad is noticed, not served, and signed anew by the next publish (asked for before: %s)',
    async (asked) => {
      const shareId = await open();
      const first = await life.ask('commitRevision', revision(shareId, [item(1)]));
      await damage(join(place.home, 'manifests', first.manifestId));
      if (asked) expect(await life.ask('manifest', { manifestId: first.manifestId })).toBeNull();
      const second = await life.ask('commitRevision', revision(shareId, [item(1)]));
      expect(life.said('a manifest is damaged on disk').length).toBeGreaterThan(0);
      expect(second).toMatchObject({ seq: 2, changed: true });
      expect(await life.ask('manifest', { manifestId: second.manifestId })).not.toBeNull();
    },
  );

  test('a file of one chunk needs no list: sources stay known without', async () => {
    const shareId = await open();
    const short = [item(1, { size: 0 }), item(2, { size: 5 })];
    await life.ask(
      'putHashLists',
      short.map(({ contentId }, i) => ({ contentId, hashes: content(i + 1, i * 5).hashes })),
    );
    await life.ask('commitRevision', revision(shareId, short));
    expect(readdirSync(join(place.home, 'hashes'))).toEqual([]);
    expect(await life.ask('sourcesOf', { shareId })).toHaveLength(2);
  });
});
