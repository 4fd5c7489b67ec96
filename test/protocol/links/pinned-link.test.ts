import { expect, test } from 'vitest';
import { formatAddress } from '../../../src/protocol/addresses/address.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { linkWith } from '../../../src/protocol/links/pinned-link.ts';
import { parseShareLink } from '../../../src/protocol/links/share-link.ts';

const KEY = 'ab'.repeat(32);

function read(link: string) {
  const parsed = parseShareLink(link);
  if (!parsed.ok) throw new Error(parsed.reason);
  return {
    key: toHex(parsed.link.sharePubkey),
    bootstrap: parsed.link.bootstrap.map(formatAddress),
    ignored: parsed.ignored,
  };
}

test('a link says what it was made of: pinned and plain addresses, IPv6, QUIC', () => {
  const addresses = [`tcp://192.0.2.1:7001@${KEY}`, 'tcp://[2001:db8::1]:7001', 'quic://192.0.2.2:7000'];
  expect(read(linkWith(KEY, addresses))).toEqual({ key: KEY, bootstrap: addresses, ignored: [] });
  expect(read(linkWith(KEY, []))).toEqual({ key: KEY, bootstrap: [], ignored: [] });
});

test('each address once, 16 at most, and none that the network cannot read', () => {
  const many = Array.from({ length: 40 }, (_, i) => `tcp://192.0.2.${i + 1}:7001`);
  const odd = ['tcp://seed.example.org:7001', 'nonsense', 'tcp://192.0.2.1:0', '&bp=x', many[0]!];
  expect(read(linkWith(KEY, [...odd, ...many, ...many])).bootstrap).toEqual(many.slice(0, 16));
});

test('no key, no link', () => {
  expect(() => linkWith('ab', [])).toThrow(RangeError);
});
