import { banTarget } from '../../../src/actors/ban-list.ts';
import { Hearsay } from '../../../src/actors/pex/hearsay.ts';
import { offeredAddresses } from '../../../src/actors/pex/offered.ts';
import { SeedList } from '../../../src/actors/pex/seed-list.ts';
import { parseAddress } from '../../../src/protocol/addresses/address.ts';
import { formatCidr, parseCidr } from '../../../src/protocol/addresses/cidr.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { linkWith } from '../../../src/protocol/links/pinned-link.ts';
import { parseShareLink } from '../../../src/protocol/links/share-link.ts';
import { PEX_REQUEST } from '../../../src/protocol/wire/message-types.ts';
import { decodeReply, encodeReply } from '../../../src/protocol/wire/registry.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { replies } from '../../protocol/wire/arbitraries.ts';
import { must, orDeclared, type Target, textOf, utf8 } from '../target.ts';
import { sampled } from './cbor.ts';

const KEY = 'ab'.repeat(32);

export const pex: readonly Target[] = [
  {
    // What a peer offers, or answers to a question.
    name: 'pex-offer',
    covers: ['actors/pex/offered.ts offeredAddresses', 'actors/pex/hearsay.ts Hearsay'],
    form: 'cbor',
    seeds: () => sampled(replies[PEX_REQUEST], (value) => encodeReply(PEX_REQUEST, value), 20),
    run(input) {
      const offer = orDeclared(DecodeError, () => decodeReply(PEX_REQUEST, input));
      if (offer === null) return;
      const offered = offeredAddresses(offer.peers);
      must(offered.length <= 64, 'more than may be offered');
      must(new Set(offered.map(({ address }) => address)).size === offered.length, 'an address twice');
      const hearsay = new Hearsay({ addresses: 8, perAnnouncer: 4, perNet: 2 });
      for (const { address, nodeKey } of offered) {
        const parsed = parseAddress(address);
        must(parsed.ok && parsed.address.port > 0, 'nobody could be dialled there');
        must(nodeKey === null || /^[0-9a-f]{64}$/.test(nodeKey), 'no key');
        hearsay.add({ address, nodeKey, announcer: KEY });
        must(hearsay.size <= 4, 'one announcer fills it');
      }
      for (let taken = 0; hearsay.take() !== null; taken++) must(taken < 4, 'it does not end');
      must(hearsay.size === 0, 'something is left');
    },
  },
  {
    name: 'ban-target',
    covers: ['actors/ban-list.ts banTarget', 'protocol/addresses/cidr.ts parseCidr'],
    form: 'text',
    longest: 400,
    seeds: () =>
      [KEY, '192.0.2.0/24', '2001:db8::/32', '[::1]', 'tcp://192.0.2.7:7001', `quic://[::1]:1@${KEY}`].map(
        utf8,
      ),
    run(input) {
      const text = textOf(input);
      const ban = banTarget(text);
      if (ban !== null) {
        const again = banTarget(ban.target);
        must(again?.kind === ban.kind && again.target === ban.target, 'its one form is another');
        must(ban.target.length <= 64, 'longer than any key or network');
      }
      const net = parseCidr(text);
      if (net === null) return;
      const same = parseCidr(formatCidr(net));
      must(same !== null && formatCidr(same) === formatCidr(net), 'another network');
    },
  },
  {
    name: 'seeds',
    covers: ['actors/pex/seed-list.ts SeedList', 'protocol/links/pinned-link.ts linkWith'],
    form: 'text',
    longest: 1_000,
    seeds: () =>
      [`tcp://seed.example.org:7001@${KEY}`, 'quic://192.0.2.1:7000', '[::1]:65535', 'a.b:1,c.d:2'].map(utf8),
    run(input) {
      const texts = textOf(input).split(',');
      const list = new SeedList();
      list.configure(texts, false);
      for (const text of texts) orDeclared(ActorError, () => list.add(text));
      const kept = JSON.parse(JSON.stringify(list.changes()));
      const again = new SeedList(kept);
      again.configure(texts, false);
      must(JSON.stringify(again.entries()) === JSON.stringify(list.entries()), 'another list after a start');
      const link = parseShareLink(linkWith(KEY, texts));
      must(link.ok && link.ignored.length === 0, 'a link that nobody reads');
      must(link.link.bootstrap.length <= 16, 'more addresses than a link carries');
    },
  },
];
