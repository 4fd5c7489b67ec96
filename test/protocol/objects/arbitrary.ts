import fc from 'fast-check';
import type { Manifest } from '../../../src/protocol/objects/manifest.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';

export const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const id = octets(32);
export const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
/** Text without lone surrogates: those do not survive UTF-8. */
export const text = fc.string({ unit: 'grapheme', maxLength: 20 });

export const peerAddr: fc.Arbitrary<PeerAddr> = fc.record({
  ip: fc.oneof(octets(4), octets(16)),
  port: fc.nat(0xffff),
  transport: fc.constantFrom('tcp' as const, 'quic' as const),
  pubkeyHint: fc.option(id),
  relayVia: fc.constant(null),
});

const item = fc.record({
  contentId: id,
  size: fc.nat(Number.MAX_SAFE_INTEGER),
  name: text,
  path: fc.option(text),
  mime: fc.option(text),
  tags: fc.array(text, { maxLength: 3 }),
  chunkCount: fc.nat(0xffff_ffff),
  chunkListHash: id,
});

export const manifest: fc.Arbitrary<Manifest> = fc.record({
  version: fc.nat(255),
  sharePubkey: id,
  shareId: id,
  seq: u64,
  createdAt: u64,
  expiresAt: fc.option(u64),
  title: fc.option(text),
  description: fc.option(text),
  visibility: fc.constantFrom('private' as const, 'public' as const),
  communities: fc.array(id, { maxLength: 2 }),
  items: fc.array(item, { maxLength: 3 }),
  recommendedShares: fc.array(id, { maxLength: 2 }),
  signature: fc.option(octets(64)),
});
