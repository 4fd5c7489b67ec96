import { randomBytes } from 'node:crypto';
import * as b from '../bytes.ts';
import { type ProviderRow, provider, slow } from './rows.ts';
import { type Misdeed, reply } from './server.ts';
import { type HostileShare, type ItemParts, item } from './share.ts';

const manifest = (name: string, make: NonNullable<Misdeed['manifest']>, ...must: string[]) =>
  provider(`manifest: ${name}`, 'subscribe', { on: null, manifest: make }, ...must);
const INVALID = 'E_MANIFEST_INVALID';
const one = (changes: Partial<ItemParts>) => (share: HostileShare) =>
  share.manifest([item(share.file, changes)]);
const field = (name: string, value: Uint8Array) => (share: HostileShare) =>
  share.manifest(undefined, { [name]: value });
const answers = (name: string, answer: NonNullable<Misdeed['answer']>, ...must: string[]) =>
  provider(`GET_MANIFEST: ${name}`, 'subscribe', { on: 400, answer }, ...must);
const many = (count: number) => (share: HostileShare) => {
  const small = item(share.file, { size: b.uint(0), chunk_count: b.uint(0), name: b.text('a') });
  return share.manifest(Array<ItemParts>(count).fill(small));
};

/** Manifests that are bombs, or lie about what they have; all of them signed by the publisher. */
export const manifests: readonly ProviderRow[] = [
  manifest('size 2^63', one({ size: b.uint(2n ** 63n), chunk_count: b.uint(2 ** 32 - 1) }), INVALID),
  manifest('size 2^64 - 1', one({ size: b.uint(b.U64_MAX), chunk_count: b.uint(2 ** 32 - 1) }), INVALID),
  manifest('size 2^53 - 1', one({ size: b.uint(2n ** 53n - 1n), chunk_count: b.uint(2 ** 32 - 1) }), INVALID),
  manifest('size -1', one({ size: b.negative(0) }), INVALID),
  manifest('size not a number', one({ size: b.NAN_64 }), INVALID),
  manifest('100001 chunks', one({ size: b.uint(100_001 * 262_144), chunk_count: b.uint(100_001) }), INVALID),
  manifest('more chunks than its size has', one({ chunk_count: b.uint(4) }), INVALID),
  manifest('fewer chunks than its size has', one({ chunk_count: b.uint(1) }), INVALID),
  manifest(
    'sizes whose sum is above 2^53',
    (share) => share.manifest(Array<ItemParts>(3).fill(item(share.file, { size: b.uint(2n ** 53n - 1n) }))),
    INVALID,
  ),
  manifest('3001 items', many(3_001), INVALID),
  manifest('10000 items, 1.7 MB of it', many(10_000), INVALID, 'E_PEER_PROTOCOL'),
  manifest('items of 2^32 - 1', field('items', b.longHead(4, 2 ** 32 - 1, 4)), INVALID),
  manifest(
    'a million empty items',
    field('items', b.join(b.head(4, 1_000_000), Buffer.alloc(1_000_000, 0xa0))),
    INVALID,
  ),
  manifest(
    'a million tags',
    one({ tags: b.join(b.head(4, 1_000_000), Buffer.alloc(1_000_000, 0x60)) }),
    INVALID,
  ),
  manifest('33 tags', one({ tags: b.array(...Array(33).fill(b.text('t'))) }), INVALID),
  manifest('a title of 900 KB', field('title', b.text('t'.repeat(900_000))), INVALID),
  manifest('a name of 2000 octets', one({ name: b.text('n'.repeat(2_000)) }), INVALID),
  manifest('a name with NUL', one({ name: b.text('a\0b') }), INVALID),
  manifest('a name that is no UTF-8', one({ name: b.text(b.hex('c328')) }), INVALID),
  manifest('a path of 5000 octets', one({ path: b.text('p/'.repeat(2_500)) }), INVALID),
  manifest('60000 arrays in a tag', one({ tags: b.join(Buffer.alloc(60_000, 0x81), b.raw(0)) }), INVALID),
  manifest(
    '30000 communities',
    field('communities', b.array(...Array(30_000).fill(b.bytes(Buffer.alloc(32))))),
    INVALID,
  ),
  manifest(
    '30000 recommended shares',
    field('recommended_shares', b.array(...Array(30_000).fill(b.bytes(Buffer.alloc(32))))),
    INVALID,
  ),
  manifest('expired', field('expires_at', b.uint(1_700_000_001)), INVALID),
  manifest('expired before it was made', field('expires_at', b.uint(5)), INVALID),
  manifest('another share id', field('share_id', b.ints(randomBytes(32))), INVALID),
  manifest('another key', field('share_pubkey', b.ints(randomBytes(32))), INVALID),
  manifest('another number than its head’s', field('seq', b.uint(2)), INVALID),
  manifest('number 2^64 - 1', field('seq', b.uint(b.U64_MAX)), INVALID),
  manifest('a visibility that nobody knows', field('visibility', b.text('secret')), INVALID),
  manifest(
    'a field doubled',
    (share) => {
      const { octets, id } = share.manifest();
      return { octets: b.join(b.head(5, 14), octets.subarray(1), b.text('seq'), b.uint(2)), id };
    },
    INVALID,
  ),
  manifest(
    'a number as a key',
    (share) => {
      const { octets, id } = share.manifest();
      return { octets: b.join(b.head(5, 14), octets.subarray(1), b.uint(2), b.uint(2)), id };
    },
    INVALID,
  ),
  manifest(
    'no signature',
    (share) => {
      const { octets, id } = share.manifest();
      return { octets: b.join(b.head(5, 12), octets.subarray(1, octets.length - 76)), id };
    },
    INVALID,
  ),
  manifest(
    'one bit of the signature',
    (share) => {
      const { octets, id } = share.manifest();
      octets[octets.length - 1]! ^= 1;
      return { octets, id };
    },
    INVALID,
  ),
  manifest('noise', (share) => ({ ...share.manifest(), octets: randomBytes(5_000) }), INVALID),
  manifest('no octet', (share) => ({ ...share.manifest(), octets: Buffer.alloc(0) }), INVALID),
  answers(
    'another manifest id',
    ({ request, share }) =>
      reply(
        request,
        b.textMap(['manifest_id', b.ints(randomBytes(32))], ['bytes', b.bytes(share.manifest().octets)]),
      ),
    'E_PEER_PROTOCOL',
    INVALID,
  ),
  answers(
    'the manifest of another share',
    ({ request, fields, share }) =>
      reply(
        request,
        b.textMap(
          ['manifest_id', b.ints(Buffer.from(fields.get('manifest_id') as number[]))],
          ['bytes', b.bytes(share.manifest(undefined, { title: b.text('forged') }).octets)],
        ),
      ),
    INVALID,
  ),
  slow(answers('nothing', () => null, 'E_PEER_SILENT', 'E_TIMEOUT', 'E_PEER_ERROR')),
  answers(
    'an end in the middle',
    ({ honest, connection }) => {
      connection.send(honest.subarray(0, 100));
      connection.socket.end();
      return null;
    },
    'E_PEER_UNREACHABLE',
    'E_PEER_REFUSED',
    'E_PEER_ERROR',
  ),
];
