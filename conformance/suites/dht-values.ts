import { DIALECT_2 } from '../../src/protocol/dialect.ts';
import { checkDhtValue, type TaggedKind, tagOf } from '../../src/protocol/objects/dht-value.ts';
import { createIdentityRegistry } from '../../src/protocol/objects/identity-registry.ts';
import { asBigInt, asList, asObject, asOctets, asText, MalformedVectors } from '../json.ts';
import { expectedOutcome, outcome } from '../outcome.ts';
import type { Suite } from '../suite.ts';

/** What a node of dialect 2 stores and what it refuses, value by value. */
export const dhtValues: Suite = {
  name: 'dht values',
  sections: ['generated.dht_values'],
  run(section, value, report) {
    const entry = asObject(value, section);
    const clock = asBigInt(entry.clock, 'clock');
    const registry = createIdentityRegistry();
    let firstRotated: Uint8Array | null = null;
    for (const each of asList(entry.cases, 'cases').map((item) => asObject(item, 'case'))) {
      const name = asText(each.case, 'case');
      if (!Object.hasOwn(each, 'value_hex')) {
        // The last line asks what the records stored before mean together.
        if (firstRotated === null) report.skip(name);
        else report.equal(name, asText(each.result, 'result'), String(registry.isTrusted(firstRotated)));
        continue;
      }
      const key = asOctets(each.key_hex, 'key_hex');
      const check = checkDhtValue(key, asOctets(each.value_hex, 'value_hex'), DIALECT_2, clock);
      report.equal(name, expectedOutcome(each.result, 'result'), outcome(check));
      if (!check.ok) continue;
      if (check.content.kind === 'key-rotation') {
        firstRotated ??= check.content.value.oldPubkey;
        registry.addRotation(check.content.value);
      } else if (check.content.kind === 'key-revocation') registry.addRevocation(check.content.value);
    }
  },
};

const TAGGED_KINDS: Readonly<Record<string, TaggedKind>> = {
  'member record': 'community-member',
  'share record': 'community-share',
  'bootstrap hint': 'community-hint',
  'members page': 'members-page',
  'shares page': 'shares-page',
  'key rotation': 'key-rotation',
  'key revocation': 'key-revocation',
};

/** The octet each kind of record begins with. */
export const tagOctets: Suite = {
  name: 'tag octets',
  sections: ['from_source.tag_octets'],
  run(section, value, report) {
    for (const [name, tag] of Object.entries(asObject(value, section))) {
      const kind = Object.hasOwn(TAGGED_KINDS, name) ? TAGGED_KINDS[name] : undefined;
      if (kind === undefined) throw new MalformedVectors(`${section}: ${name}`);
      report.equal(name, asText(tag, name), tagOf(kind).toString(16));
    }
  },
};
