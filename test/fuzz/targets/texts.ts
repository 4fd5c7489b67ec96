import { formatAddress, parseAddress } from '../../../src/protocol/addresses/address.ts';
import { formatIp, parseIp } from '../../../src/protocol/addresses/ip.ts';
import { parseListenAddress } from '../../../src/protocol/addresses/listen-address.ts';
import { hostOf, neighbourhoodOf } from '../../../src/protocol/addresses/neighbourhood.ts';
import { formatShareLink, parseShareLink } from '../../../src/protocol/links/share-link.ts';
import { must, type Target, textOf, utf8 } from '../target.ts';

const addresses = [
  'tcp://192.0.2.7:7001',
  'quic://[2001:db8::1]:7000',
  `tcp://[::ffff:192.0.2.1]:1@${'ab'.repeat(32)}`,
  '0.0.0.0:0',
  'example.org:7001',
].map(utf8);
const key = Uint8Array.from(
  Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex'),
);
const links = [
  formatShareLink(key),
  formatShareLink(key, [
    { transport: 'tcp', host: '192.0.2.7', port: 7001, nodeKey: key },
    { transport: 'quic', host: '2001:db8::1', port: 7000, nodeKey: null },
  ]),
].map(utf8);

export const texts: readonly Target[] = [
  {
    name: 'address',
    covers: [
      'protocol/addresses/address.ts parseAddress',
      'protocol/addresses/listen-address.ts parseListenAddress',
      'protocol/addresses/ip.ts parseIp',
    ],
    form: 'text',
    seeds: () => addresses,
    run(input) {
      const text = textOf(input);
      for (const hostNames of [false, true]) {
        const parsed = parseAddress(text, { hostNames });
        if (!parsed.ok) continue;
        const shown = formatAddress(parsed.address);
        const again = parseAddress(shown, { hostNames });
        must(again.ok && formatAddress(again.address) === shown, `${shown} reads otherwise`);
        must(/^[\x21-\x7e]+$/.test(shown), 'an address with odd characters');
      }
      parseListenAddress(text);
      const ip = parseIp(text);
      if (ip === null) return;
      const shown = formatIp(ip);
      must(Buffer.from(parseIp(shown)!).equals(ip), 'an IP that reads otherwise');
      must(neighbourhoodOf(shown).length > 0 && hostOf(shown).length > 0, 'nobody’s neighbour');
    },
  },
  {
    name: 'share-link',
    covers: ['protocol/links/share-link.ts parseShareLink'],
    form: 'text',
    seeds: () => links,
    run(input) {
      const parsed = parseShareLink(textOf(input));
      if (!parsed.ok) return;
      const { sharePubkey, bootstrap } = parsed.link;
      const shown = formatShareLink(sharePubkey, bootstrap);
      const again = parseShareLink(shown);
      must(
        again.ok && formatShareLink(again.link.sharePubkey, again.link.bootstrap) === shown,
        'a link reads otherwise',
      );
      must(/^[\x21-\x7e]+$/.test(shown), 'a link with odd characters');
    },
  },
];
