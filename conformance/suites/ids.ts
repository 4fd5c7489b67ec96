import { keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import * as keys from '../../src/protocol/objects/dht-keys.ts';
import { nodeIdOf, shareIdOf } from '../../src/protocol/objects/ids.ts';
import {
  asBigInt,
  asList,
  asNumber,
  asObject,
  asOctets,
  asText,
  type JsonObject,
  MalformedVectors,
  toHex,
} from '../json.ts';
import type { Report, Suite } from '../suite.ts';

/** Ids of nodes and shares, and the keys made from one id. */
export const ids: Suite = {
  name: 'ids',
  sections: [
    'from_source.id_derivation',
    'from_source.share_head_dht_key',
    'from_source.identity_record_key_derivation',
    'generated.id_derivation',
    'generated.dht_keys_for_id_07x32',
  ],
  run(section, value, report) {
    if (section === 'generated.id_derivation') {
      asList(value, section).forEach((entry, i) => {
        report.attempt(`entry ${i}`, () => checkDerivation(asObject(entry, section), report));
      });
    } else if (section === 'generated.dht_keys_for_id_07x32') {
      checkKeys(asObject(value, section), new Uint8Array(32).fill(7), report);
    } else {
      const { inputs, expected } = asObject(value, section);
      checkSource(asObject(inputs, 'inputs'), asObject(expected, 'expected'), report);
    }
  },
};

function checkDerivation(entry: JsonObject, report: Report): void {
  const { publicKey } = keyPairFromSeed(asOctets(entry.ed25519_seed_hex, 'ed25519_seed_hex'));
  report.equal('pubkey', asText(entry.pubkey_hex, 'pubkey_hex'), toHex(publicKey));
  report.equal('node id', asText(entry.node_id_hex, 'node_id_hex'), toHex(nodeIdOf(publicKey)));
  report.equal('share id', asText(entry.share_id_hex, 'share_id_hex'), toHex(shareIdOf(publicKey)));
  // Heads and communities are found by the id of a share, the rest by the id that is given with them.
  const ofShare = ['share_head_key_hex', 'community_info_key_hex'];
  for (const [name, hex] of Object.entries(entry)) {
    if (!name.endsWith('_key_hex')) continue;
    const id = ofShare.includes(name) ? shareIdOf(publicKey) : asOctets(entry.id_hex, 'id_hex');
    checkKeys({ [name.slice(0, -'_hex'.length)]: hex }, id, report);
  }
}

/** Keys of one id that stands for whatever the kind of key asks for. */
const KEYS: Readonly<Record<string, (id: Uint8Array) => Uint8Array>> = {
  share_head_key: keys.shareHeadKey,
  manifest_loc_key: keys.manifestKey,
  content_provider_key: keys.providersKey,
  community_info_key: keys.communityInfoKey,
  community_member_key: (id) => keys.communityMemberKey(id, id),
  community_share_key: (id) => keys.communityShareKey(id, id),
  identity_rotation_key: keys.rotationKey,
  identity_revocation_key: keys.revocationKey,
};

function checkKeys(named: JsonObject, id: Uint8Array, report: Report): void {
  for (const [name, hex] of Object.entries(named)) {
    const keyOf = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined;
    if (keyOf === undefined) report.skip(`key ${name}`);
    else report.equal(name, asText(hex, name), toHex(keyOf(id)));
  }
}

function checkSource(inputs: JsonObject, expected: JsonObject, report: Report): void {
  if (Object.hasOwn(inputs, 'share_id_hex')) {
    const shareId = asOctets(inputs.share_id_hex, 'share_id_hex');
    report.equal('share head key', asText(expected.key_hex, 'key_hex'), toHex(keys.shareHeadKey(shareId)));
    return;
  }
  if (Object.hasOwn(inputs, 'pubkey_hex')) {
    const pubkey = asOctets(inputs.pubkey_hex, 'pubkey_hex');
    const { identity_rotation_key_hex: rotation, identity_revocation_key_hex: revocation } = expected;
    report.equal('rotation key', asText(rotation, 'rotation key'), toHex(keys.rotationKey(pubkey)));
    report.equal('revocation key', asText(revocation, 'revocation key'), toHex(keys.revocationKey(pubkey)));
    return;
  }
  const publicKey = asOctets(inputs.ed25519_pubkey_hex, 'ed25519_pubkey_hex');
  report.equal('share id', asText(expected.share_id_hex, 'share_id_hex'), toHex(shareIdOf(publicKey)));
  report.equal('node id', asText(expected.node_id_hex, 'node_id_hex'), toHex(nodeIdOf(publicKey)));
}

/** The keys of dialect 2, and the hours by which some of them are named. */
export const dhtKeys: Suite = {
  name: 'dht keys',
  sections: ['generated.dht_keys', 'generated.materialized_bucket'],
  run(section, value, report) {
    asList(value, section).forEach((each, i) => {
      const entry = asObject(each, section);
      report.attempt(`${section} ${i}`, () => {
        if (section === 'generated.dht_keys') checkDhtKeys(entry, report);
        else {
          const bucket = keys.hourBucket(asBigInt(entry.unix, 'unix'));
          report.equal('bucket', String(entry.bucket), String(bucket));
        }
      });
    });
  },
};

function checkDhtKeys(entry: JsonObject, report: Report): void {
  const community = asOctets(entry.community_id_hex, 'community_id_hex');
  const other = asOctets(entry.other_id_hex, 'other_id_hex');
  const bucket = asBigInt(entry.bucket, 'bucket');
  const page = asNumber(entry.page_no, 'page_no');
  const derived: Readonly<Record<string, Uint8Array>> = {
    community_info_key_hex: keys.communityInfoKey(community),
    community_member_key_hex: keys.communityMemberKey(community, other),
    community_share_key_hex: keys.communityShareKey(community, other),
    community_members_page_key_hex: keys.membersPageKey(community, bucket, page),
    community_shares_page_key_hex: keys.sharesPageKey(community, bucket, page),
    identity_rotation_key_hex: keys.rotationKey(other),
    identity_revocation_key_hex: keys.revocationKey(other),
  };
  for (const [name, key] of Object.entries(derived)) {
    if (!Object.hasOwn(entry, name)) throw new MalformedVectors(`${name} is missing`);
    report.equal(name, asText(entry[name], name), toHex(key));
  }
}
