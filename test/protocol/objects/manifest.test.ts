import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { Writer } from '../../../src/protocol/cbor/writer.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  type ManifestItem,
  manifestId,
  manifestSigningInput,
  signManifest,
  verifyManifest,
} from '../../../src/protocol/objects/manifest.ts';
import { checkManifestContents } from '../../../src/protocol/objects/manifest-contents.ts';
import { manifest as anyManifest } from './arbitrary.ts';

const key = keyPairFromSeed(new Uint8Array(32).fill(5));

const ITEM: ManifestItem = {
  contentId: new Uint8Array(32).fill(7),
  size: 262_145,
  name: 'a.bin',
  path: 'folder/a.bin',
  mime: null,
  tags: ['one'],
  chunkCount: 2,
  chunkListHash: new Uint8Array(32).fill(8),
};

const FIELDS: Omit<Manifest, 'signature' | 'sharePubkey' | 'shareId'> = {
  version: 1,
  seq: 3n,
  createdAt: 1000n,
  expiresAt: 2000n,
  title: 'Title',
  description: null,
  visibility: 'public',
  communities: [],
  items: [ITEM],
  recommendedShares: [],
};

describe('a manifest', () => {
  test('round trip', () => {
    fc.assert(
      fc.property(anyManifest, (value) => {
        expect(decodeManifest(encodeManifest(value))).toEqual(value);
      }),
    );
  });

  test('any bytes, and any altered manifest, give a value or DecodeError', () => {
    const altered = fc.tuple(anyManifest, fc.nat(), fc.nat(255)).map(([value, at, octet]) => {
      const encoded = encodeManifest(value);
      encoded[at % encoded.length] = octet;
      return encoded;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 500 }), altered), (input) => {
        try {
          decodeManifest(input);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('signed, encoded, decoded, verified, with one id all along', () => {
    const signed = signManifest(key, FIELDS);
    const decoded = decodeManifest(encodeManifest(signed));
    expect(verifyManifest(decoded, 2000n)).toEqual({ ok: true });
    expect(manifestId(decoded)).toEqual(manifestId(signed));
    expect(manifestId({ ...signed, signature: null })).not.toEqual(manifestId(signed));
  });

  test('nothing in it points into the buffer it came from', () => {
    const signed = signManifest(key, FIELDS);
    const input = encodeManifest(signed).slice();
    const decoded = decodeManifest(input);
    input.fill(0);
    expect(decoded).toEqual(signed);
  });

  test('the signing input is an array of twelve, each item one of eight', () => {
    const r = new Reader(manifestSigningInput(signManifest(key, FIELDS)));
    const lengths: number[] = [];
    let position = 0;
    r.eachItem(() => {
      if (position++ === 10) {
        r.eachItem(() => {
          let length = 0;
          r.eachItem(() => {
            length++;
            r.skip();
          });
          lengths.push(length);
        });
      } else r.skip();
    });
    expect(position).toBe(12);
    expect(lengths).toEqual([8]);
  });

  test('visibility and communities may be missing', () => {
    const signed = signManifest(key, { ...FIELDS, items: [] });
    const w = new Writer();
    w.map(10).text('version').uint(1).text('share_pubkey').byteArray(signed.sharePubkey);
    w.text('share_id').byteArray(signed.shareId).text('seq').uint(3).text('created_at').uint(1000);
    w.text('expires_at').null().text('title').null().text('description').null();
    w.text('items').array(0).text('recommended_shares').array(0);
    const decoded = decodeManifest(w.finish());
    expect([decoded.visibility, decoded.communities, decoded.signature]).toEqual(['private', [], null]);
  });

  test('32 tags are read, 33 are not', () => {
    const of = (count: number) =>
      encodeManifest(signManifest(key, { ...FIELDS, items: [{ ...ITEM, tags: new Array(count).fill('') }] }));
    expect(decodeManifest(of(32)).items[0]!.tags).toHaveLength(32);
    expect(() => decodeManifest(of(33))).toThrow(DecodeError);
  });

  test('3,000 items are read, 3,001 are not', () => {
    const of = (count: number) =>
      encodeManifest({ ...signManifest(key, FIELDS), items: new Array(count).fill(ITEM) });
    expect(decodeManifest(of(3000)).items).toHaveLength(3000);
    expect(() => decodeManifest(of(3001))).toThrow(DecodeError);
  });

  test('a size of 2^53 is refused when read', () => {
    const encoded = encodeManifest(signManifest(key, { ...FIELDS, items: [{ ...ITEM, size: 2 ** 53 - 1 }] }));
    const bytes = Buffer.from(encoded);
    const at = bytes.indexOf(Buffer.from('1b001fffffffffffff', 'hex'));
    expect(at).toBeGreaterThan(0);
    Buffer.from('1b0020000000000000', 'hex').copy(bytes, at);
    expect(() => decodeManifest(bytes)).toThrow(DecodeError);
  });

  test.each([
    ['expired', { expiresAt: 1499n }, 'expired'],
    ['expiry not after creation', { createdAt: 2000n }, 'expiry-before-creation'],
    ['no signature', { signature: null }, 'unsigned'],
    ['another id', { shareId: new Uint8Array(32) }, 'wrong-share-id'],
    ['another sequence number', { seq: 4n }, 'signature'],
    ['another item', { items: [{ ...ITEM, name: 'b.bin' }] }, 'signature'],
  ] as const)('%s', (_name, change, reason) => {
    expect(verifyManifest({ ...signManifest(key, FIELDS), ...change }, 1500n)).toEqual({ ok: false, reason });
  });
});

describe('what a manifest says', () => {
  const withItem = (change: Partial<ManifestItem>) => ({
    ...signManifest(key, FIELDS),
    items: [{ ...ITEM, ...change }],
  });
  const big = (size: number, count: number) => ({ ...ITEM, size, chunkCount: count });

  test('holds together', () => {
    expect(checkManifestContents(signManifest(key, FIELDS))).toEqual({ ok: true });
    expect(checkManifestContents(withItem({ size: 0, chunkCount: 0 }))).toEqual({ ok: true });
  });

  test.each([
    ['a chunk too many', withItem({ chunkCount: 3 }), 'chunk-count'],
    ['a chunk too few', withItem({ chunkCount: 1 }), 'chunk-count'],
    ['a name of 1,025 octets', withItem({ name: 'é'.repeat(513) }), 'too-long'],
    ['a path of 4,097 octets', withItem({ path: 'p'.repeat(4097) }), 'too-long'],
    ['33 tags', withItem({ tags: new Array(33).fill('t') }), 'too-many-tags'],
    ['a tag of 65 octets', withItem({ tags: ['t'.repeat(65)] }), 'too-long'],
    ['NUL in a name', withItem({ name: 'a\0b' }), 'bad-text'],
    ['a lone surrogate', withItem({ name: 'a\ud800' }), 'bad-text'],
    ['a long title', { ...signManifest(key, FIELDS), title: 't'.repeat(1025) }, 'too-long'],
    ['NUL in the title', { ...signManifest(key, FIELDS), title: '\0' }, 'bad-text'],
    ['more chunks than the network takes', withItem(big(262_144 * 100_001, 100_001)), 'too-many-chunks'],
    [
      'sizes that pass 2^53 together',
      {
        ...signManifest(key, FIELDS),
        items: [big(2 ** 52, 2 ** 34), big(2 ** 52, 2 ** 34)],
      },
      'total-size',
    ],
    [
      'too many communities',
      { ...signManifest(key, FIELDS), communities: new Array(1025).fill(new Uint8Array(32)) },
      'too-many-ids',
    ],
  ] as const)('%s is refused', (_name, value, reason) => {
    expect(checkManifestContents(value)).toEqual({ ok: false, reason });
  });
});
