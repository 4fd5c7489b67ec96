import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { fromHex, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { DIALECT_1, DIALECT_1_8, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import { manifestKey, providersKey, shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { checkDhtValue } from '../../../src/protocol/objects/dht-value.ts';
import { MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';
import {
  FIND_NODE,
  FIND_VALUE,
  GET_CHUNK_HASHES,
  GET_MANIFEST,
} from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { askWire, findHead, findValue } from './ask-wire.ts';
import { damage } from './damage.ts';
import { content, idOf, item, key, manifestItem, published, revision, subscription } from './objects.ts';
import { Life, NOW, Place } from './world.ts';

const share = key(5);
const octets = (hex: string) => fromHex(hex, 32)!;

describe('what the network asks', () => {
  let place: Place;
  let life: Life;
  let own: string;
  beforeEach(async () => {
    place = await Place.make();
    life = await Life.start(place);
    own = (await life.ask('openShare', { name: 'mine' })).shareId;
  });
  afterEach(async () => {
    await life.stop();
    await place.remove();
  });

  const peer = { nodeKey: 'aa'.repeat(32), dialect: DIALECT_2 };

  test.each([DIALECT_1, DIALECT_1_8, DIALECT_2])(
    'heads and manifests stand as values, as every dialect takes them (%j)',
    async (dialect) => {
      await life.ask('subscribe', subscription(share));
      const theirs = published(share, 3);
      await life.ask('commitManifest', theirs.offer);
      const { manifestId } = await life.ask('commitRevision', revision(own, [item(1)], { public: false }));
      for (const [id, manifest] of [
        [idOf(share), theirs.manifestId],
        [own, manifestId],
      ] as const) {
        for (const at of [shareHeadKey(octets(id)), manifestKey(octets(manifest))]) {
          const value = await findValue(life, at, dialect);
          expect(checkDhtValue(at, value!, dialect, BigInt(NOW))).toMatchObject({ ok: true });
        }
      }
      expect(await findHead(life, idOf(share), dialect)).toEqual(theirs.offer.head);
    },
  );

  test('a value is answered with its key and a day to live, and without closer peers', async () => {
    await life.ask('commitRevision', revision(own, [item(1)]));
    const at = shareHeadKey(octets(own));
    expect(await askWire(life, FIND_VALUE, { key: at })).toEqual({
      value: { key: at, value: expect.any(Uint8Array), ttlSecs: 86_400n },
      closerPeers: [],
    });
  });

  test('what is not known is no value', async () => {
    await life.ask('subscribe', subscription(share));
    for (const at of [
      shareHeadKey(octets(own)),
      shareHeadKey(octets(idOf(share))),
      providersKey(octets(item(1).contentId)),
      new Uint8Array(32),
    ]) {
      expect(await askWire(life, FIND_VALUE, { key: at })).toEqual({ value: null, closerPeers: [] });
    }
  });

  test('a manifest above the measure of values is given when asked for directly only', async () => {
    const items = Array.from({ length: 600 }, (_, i) => item(i, { size: 5 }));
    const { manifestId } = await life.ask('commitRevision', revision(own, items));
    expect(await findValue(life, manifestKey(octets(manifestId)))).toBeNull();
    const reply = await askWire(life, GET_MANIFEST, { manifestId: octets(manifestId) });
    expect(reply).toEqual({
      manifestId: octets(manifestId),
      bytes: await life.ask('manifest', { manifestId }),
    });
    expect(life.metrics.get('manifests_served')).toBe(1);
  });

  test('manifests of subscribed shares are passed on; others are not found', async () => {
    await life.ask('subscribe', subscription(share));
    const { offer, manifestId } = published(share, 3);
    expect(await askWire(life, GET_MANIFEST, { manifestId: octets(manifestId) })).toBe('manifest not found');
    await life.ask('commitManifest', offer);
    expect(await askWire(life, GET_MANIFEST, { manifestId: octets(manifestId) })).toEqual({
      manifestId: octets(manifestId),
      bytes: offer.manifest,
    });
    await damage(join(place.home, 'manifests', manifestId));
    expect(await askWire(life, GET_MANIFEST, { manifestId: octets(manifestId) })).toBe('manifest not found');
    expect(await findValue(life, manifestKey(octets(manifestId)))).toBeNull();
  });

  test('a manifest that would not fit a payload is not sent', async () => {
    await life.ask('subscribe', subscription(share));
    const items = Array.from({ length: 3000 }, (_, i) => manifestItem(i, { name: `${i}`.padEnd(300, 'n') }));
    const { offer, manifestId } = published(share, 1, { items });
    expect(offer.manifest.length).toBeGreaterThan(MAX_PAYLOAD);
    await life.ask('commitManifest', offer);
    expect(await askWire(life, GET_MANIFEST, { manifestId: octets(manifestId) })).toBe('manifest not found');
  });

  test('chunk hashes', async () => {
    const { contentId, hashes } = content(1);
    expect(await askWire(life, GET_CHUNK_HASHES, { contentId: octets(contentId) })).toBe(
      'chunk hashes not found',
    );
    await life.ask('putHashLists', [{ contentId, hashes }]);
    await life.ask('commitRevision', revision(own, [item(1), item(2, { size: 3 }), item(3, { size: 0 })]));
    expect(await askWire(life, GET_CHUNK_HASHES, { contentId: octets(contentId) })).toEqual({
      contentId: octets(contentId),
      hashes,
    });
    const short = octets(item(2, { size: 3 }).contentId);
    expect(await askWire(life, GET_CHUNK_HASHES, { contentId: short })).toEqual({
      contentId: short,
      hashes: short,
    });
    const none = octets(item(3, { size: 0 }).contentId);
    expect(await askWire(life, GET_CHUNK_HASHES, { contentId: none })).toEqual({
      contentId: none,
      hashes: new Uint8Array(),
    });
    expect(life.metrics.get('hash_lists_served')).toBe(3);
  });

  test('the longest list that a file of ours may have still travels', async () => {
    const size = 30_839 * CHUNK_SIZE;
    const { contentId, hashes } = content(1, size);
    await life.ask('putHashLists', [{ contentId, hashes }]);
    await life.ask('commitRevision', revision(own, [item(1, { size })]));
    const payload = encodeRequest(GET_CHUNK_HASHES, { contentId: octets(contentId) });
    const reply = await life.ask('wire', { type: GET_CHUNK_HASHES, payload, peer });
    expect('payload' in reply && reply.payload.length).toBeLessThanOrEqual(MAX_PAYLOAD);
    const decoded = await askWire(life, GET_CHUNK_HASHES, { contentId: octets(contentId) });
    expect(typeof decoded === 'string' || toHex(blake3(decoded.hashes))).toBe(toHex(blake3(hashes)));
  });

  test('hostile payloads are answered with the words of the network, whatever they are', async () => {
    const missing = await life.ask('wire', { type: GET_MANIFEST, payload: Uint8Array.of(0xa0), peer });
    expect(missing).toEqual({ error: 'Semantic(None, "missing field `manifest_id`")' });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(FIND_VALUE, GET_MANIFEST, GET_CHUNK_HASHES),
        fc.uint8Array({ maxLength: 80 }),
        async (type, payload) => {
          const reply = await life.ask('wire', { type, payload, peer });
          expect('error' in reply || reply.payload.length > 0).toBe(true);
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  test('what is answered elsewhere is refused here', async () => {
    expect(await life.ask('wire', { type: FIND_NODE, payload: new Uint8Array(), peer })).toEqual({
      error: 'unsupported message type',
    });
  });
});
