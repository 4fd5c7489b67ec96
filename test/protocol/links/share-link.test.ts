import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Address } from '../../../src/protocol/addresses/address.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import {
  formatShareLink,
  MAX_LINK_BOOTSTRAP,
  parseShareLink,
} from '../../../src/protocol/links/share-link.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';

const { publicKey } = keyPairFromSeed(new Uint8Array(32).fill(6));
const shareId = shareIdOf(publicKey);
const node: Address = { transport: 'tcp', host: '192.0.2.1', port: 7001, nodeKey: publicKey };
const far: Address = { transport: 'quic', host: '2001:db8::1', port: 7000, nodeKey: null };

describe('share links', () => {
  test('carry the share and pin the keys of the nodes', () => {
    const link = formatShareLink(publicKey, [node, far]);
    expect(parseShareLink(link)).toEqual({
      ok: true,
      link: { shareId, sharePubkey: publicKey, bootstrap: [node, far] },
      ignored: [],
    });
    expect(decodeURIComponent(link)).toContain(
      `tcp://192.0.2.1:7001@${Buffer.from(publicKey).toString('hex')}`,
    );
  });

  test('white space, padding and a value encoded twice are read', () => {
    const bare = formatShareLink(publicKey);
    const twice = `?bp=${encodeURIComponent(encodeURIComponent('tcp://192.0.2.1:7001'))}`;
    const parsed = parseShareLink(`  ${bare}==${twice}\n`);
    expect(parsed).toMatchObject({ ok: true, link: { bootstrap: [{ ...node, nodeKey: null }] } });
  });

  test('bootstrap texts that are no address are named and left out', () => {
    const link = `${formatShareLink(publicKey)}?bp=${encodeURIComponent('example.org:1,192.0.2.1:7001,,%zz')}`;
    const parsed = parseShareLink(link);
    expect(parsed).toMatchObject({ ok: true, ignored: ['example.org:1', '%zz'] });
    expect(parsed.ok && parsed.link.bootstrap).toHaveLength(1);
  });

  test('no more bootstrap addresses are read or written than sixteen', () => {
    const many = new Array(40).fill('192.0.2.1:7001').join(',');
    const parsed = parseShareLink(`${formatShareLink(publicKey)}?bp=${many}`);
    expect(parsed.ok && parsed.link.bootstrap).toHaveLength(MAX_LINK_BOOTSTRAP);
    expect(() => formatShareLink(publicKey, new Array(17).fill(node))).toThrow(RangeError);
  });

  const payload = formatShareLink(publicKey).slice('scp2p://s/'.length);
  const swapped = Buffer.concat([new Uint8Array(32), publicKey]).toString('base64url');
  test.each([
    ['another scheme', `https://s/${payload}`, 'scheme'],
    ['the design-only form', `scp2p://share/${'00'.repeat(32)}`, 'scheme'],
    ['an id that is not of the key', `scp2p://s/${swapped}`, 'wrong-share-id'],
    ['a payload too short', `scp2p://s/${payload.slice(0, -2)}`, 'payload'],
    ['a payload too long', `scp2p://s/${payload}AA`, 'payload'],
    [
      'characters that base64url has not',
      `scp2p://s/${payload.slice(0, 40)}*${payload.slice(41)}`,
      'payload',
    ],
    ['something inserted', `scp2p://s/${payload.slice(0, 40)} ${payload.slice(40)}`, 'payload'],
    ['nothing', '', 'scheme'],
    ['far too much', `scp2p://s/${payload}?bp=${'a'.repeat(9000)}`, 'too-long'],
  ])('%s', (_name, link, reason) => {
    expect(parseShareLink(link)).toEqual({ ok: false, reason });
  });

  test('any text is a link or a reason', () => {
    const prefixed = fc.string({ maxLength: 120 }).map((text) => `scp2p://s/${payload}?${text}`);
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 120 }), prefixed), (text) => {
        const parsed = parseShareLink(text);
        if (parsed.ok) expect(parsed.link.shareId).toEqual(shareId);
      }),
      { numRuns: 300 },
    );
  });
});
