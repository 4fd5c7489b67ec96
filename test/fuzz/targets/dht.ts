import { candidatesOf } from '../../../src/actors/dht/candidates.ts';
import { Lookup } from '../../../src/actors/dht/lookup.ts';
import { ValueStore } from '../../../src/actors/dht/value-store.ts';
import { parseAddress } from '../../../src/protocol/addresses/address.ts';
import { mayDial } from '../../../src/protocol/addresses/may-dial.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { DIALECT_1, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { communityMembers } from '../../../src/protocol/objects/community-members.ts';
import {
  checkDhtValue,
  encodeTagged,
  keysOf,
  MAX_DHT_VALUE,
  parseDhtValue,
} from '../../../src/protocol/objects/dht-value.ts';
import { providers } from '../../../src/protocol/objects/providers.ts';
import { FIND_NODE } from '../../../src/protocol/wire/message-types.ts';
import { decodeReply, encodeReply } from '../../../src/protocol/wire/registry.ts';
import { replies, providers as someProviders } from '../../protocol/wire/arbitraries.ts';
import { recordedFor } from '../recorded.ts';
import { must, orDeclared, type Target, textOf, utf8 } from '../target.ts';
import { sampled } from './cbor.ts';

const OWN_KEY = 'ab'.repeat(32);
const own = new Uint8Array(20).fill(7);
const rules = (scope: 'public' | 'test') => ({
  scope,
  own: new Set(['tcp://1.2.3.4:7001']),
  ownKey: OWN_KEY,
});
const NOW = 1_795_000_000;

export const dht: readonly Target[] = [
  {
    // What a node names as nearer than itself.
    name: 'dht-answer',
    covers: ['actors/dht/candidates.ts candidatesOf', 'actors/dht/lookup.ts Lookup'],
    form: 'cbor',
    seeds: () => sampled(replies[FIND_NODE], (value) => encodeReply(FIND_NODE, value), 20),
    run(input) {
      const reply = orDeclared(DecodeError, () => decodeReply(FIND_NODE, input));
      if (reply === null) return;
      for (const scope of ['public', 'test'] as const) {
        const named = candidatesOf(reply.peers, own, 'cd'.repeat(32), rules(scope));
        must(named.length <= 24, 'more than an honest node names');
        for (const { address, nodeKey, id } of named) {
          const parsed = parseAddress(address);
          must(parsed.ok, 'no address');
          must(mayDial(parsed.address, 'dht', rules(scope)), 'nobody may dial it');
          must(nodeKey !== OWN_KEY && nodeKey !== 'cd'.repeat(32), 'ourselves, or who answered');
          must((nodeKey === null) === (id === null), 'an id without a key');
        }
        const lookup = new Lookup({ target: own }, named);
        let asked = 0;
        for (let next = lookup.next(); next !== null; next = lookup.next()) {
          asked++;
          if (next.id === null || next.nodeKey === null) lookup.failed(next);
          else lookup.answered(next, { nodeKey: next.nodeKey, id: next.id }, named);
        }
        must(lookup.done, 'it does not end');
        must(asked <= named.length, 'somebody is asked twice');
      }
    },
  },
  {
    // What is kept of a value is again one that the network takes.
    name: 'dht-kept',
    covers: ['actors/dht/value-store.ts ValueStore', 'actors/dht/value-rules.ts keptOctets'],
    form: 'cbor',
    longest: 16 * 1024,
    seeds: () => [
      ...sampled(someProviders, (value) => encodeWith(providers, value), 10),
      ...sampled(
        someProviders,
        ({ contentId, providers: members, updatedAt }) =>
          encodeWith(communityMembers, { communityShareId: contentId, members, updatedAt }),
        10,
      ),
      encodeTagged('community-hint', {
        communityId: new Uint8Array(32),
        memberCountEstimate: 1n,
        sampleMembers: [],
        indexPeers: null,
        updatedAt: 1n,
      }),
      ...recordedFor((octets) => parseDhtValue(octets) !== null),
    ],
    run(input) {
      const parsed = parseDhtValue(input);
      if (parsed === null) return;
      const [key] = keysOf(parsed);
      for (const dialect of [DIALECT_1, DIALECT_2]) {
        const check = checkDhtValue(key!, input, dialect, BigInt(NOW));
        if (!check.ok) continue;
        const values = new ValueStore(own, { maxValues: 100, maxValueBytes: 2 ** 20 });
        for (const origin of ['a', 'b', 'a']) {
          values.put(key!, check.content, input, { ttl: 60, origin, now: NOW });
        }
        const kept = values.get(key!, dialect, NOW);
        if (kept === null) continue;
        must(kept.octets.length <= MAX_DHT_VALUE, 'it grew beyond what is a value');
        must(checkDhtValue(key!, kept.octets, dialect, BigInt(NOW)).ok, 'nobody would take it');
        must(kept.ttl >= 1 && kept.ttl <= 60, 'another time');
        values.sweep(NOW + 61);
        must(values.count === 0 && values.bytes === 0, 'something is left');
      }
    },
  },
  {
    name: 'may-dial',
    covers: ['protocol/addresses/may-dial.ts mayDial', 'protocol/addresses/may-dial.ts reachOf'],
    form: 'text',
    longest: 400,
    seeds: () =>
      ['1.2.3.4:7001', '[::1]:7001', '[::ffff:127.0.0.1]:7001', '10.0.0.1:22', 'quic://[2a00::1]:7000'].map(
        utf8,
      ),
    run(input) {
      const parsed = parseAddress(textOf(input), { hostNames: true });
      if (!parsed.ok) return;
      const [typed, anywhere, near, far] = [
        mayDial(parsed.address, 'operator', rules('public')),
        mayDial(parsed.address, 'dht', rules('test')),
        mayDial(parsed.address, 'dht', { ...rules('public'), scope: 'lan' }),
        mayDial(parsed.address, 'dht', rules('public')),
      ];
      must(typed || !anywhere, 'a test has more than an operator');
      must(anywhere || !near, 'a local network has more than a test');
      must(near || !far, 'the world has more than a local network');
    },
  },
];
