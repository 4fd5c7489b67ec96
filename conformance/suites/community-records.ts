import { encodeWith } from '../../src/protocol/cbor/codec.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import { checkBootstrapHint, communityBootstrapHint } from '../../src/protocol/objects/community-hints.ts';
import {
  communityMemberRecord,
  communityMemberSigningInput,
  signCommunityMember,
  verifyCommunityMember,
} from '../../src/protocol/objects/community-member-record.ts';
import {
  type CommunityShareRecord,
  communityShareRecord,
  communityShareSigningInput,
  signCommunityShare,
  verifyCommunityShare,
} from '../../src/protocol/objects/community-share-record.ts';
import {
  communityInfoKey,
  communityMemberKey,
  communityShareKey,
} from '../../src/protocol/objects/dht-keys.ts';
import { encodeTagged } from '../../src/protocol/objects/dht-value.ts';
import type { MemberStatus } from '../../src/protocol/wire/community-pages.ts';
import { asBigInt, asList, asObject, asOctets, asText, type JsonObject, toHex } from '../json.ts';
import { expectedOutcome, outcome } from '../outcome.ts';
import { compare } from '../same-value.ts';
import type { Report, Suite } from '../suite.ts';

/** The records by which nodes and shares belong to communities, and the hints where to ask. */
export const communityRecords: Suite = {
  name: 'community records',
  sections: [
    'generated.community_member_records',
    'generated.community_share_records',
    'generated.community_bootstrap_hints',
  ],
  run(section, value, report) {
    const isMembers = section === 'generated.community_member_records';
    const list = isMembers ? asObject(value, section).records : value;
    let check = checkHint;
    if (isMembers) check = checkMember;
    else if (section === 'generated.community_share_records') check = checkShare;
    asList(list, section).forEach((entry, i) => {
      report.attempt(`${section} ${i}`, () => check(asObject(entry, section), report));
    });
  },
};

function checkMember(entry: JsonObject, report: Report): void {
  const octets = asText(entry.record_cbor_hex, 'record_cbor_hex');
  const record = communityMemberRecord.read(new Reader(asOctets(octets, 'record_cbor_hex')));
  const token = entry.auth_token_hex === null ? null : asOctets(entry.auth_token_hex, 'auth_token_hex');
  const made = signCommunityMember(keyPairFromSeed(asOctets(entry.member_seed_hex, 'member_seed_hex')), {
    communityId: asOctets(entry.community_id_hex, 'community_id_hex'),
    announceSeq: asBigInt(entry.announce_seq, 'announce_seq'),
    status: asText(entry.status, 'status') as MemberStatus,
    issuedAt: asBigInt(entry.issued_at, 'issued_at'),
    expiresAt: asBigInt(entry.expires_at, 'expires_at'),
    authTokenBytes: token,
  });
  report.equal('made', octets, toHex(encodeWith(communityMemberRecord, made)));
  report.equal('encoded again', octets, toHex(encodeWith(communityMemberRecord, record)));
  const input = asText(entry.signable_hex, 'signable_hex');
  report.equal('signing input', input, toHex(communityMemberSigningInput(record)));
  report.equal('signature', asText(entry.signature_hex, 'signature_hex'), toHex(record.signature));
  const tagged = asText(entry.tagged_hex, 'tagged_hex');
  report.equal('tagged', tagged, toHex(encodeTagged('community-member', record)));
  const key = communityMemberKey(record.communityId, record.memberNodePubkey);
  report.equal('dht key', asText(entry.dht_key_hex, 'dht_key_hex'), toHex(key));
  report.equal('verify', expectedOutcome(entry.verify, 'verify'), outcome(verifyCommunityMember(record)));
  const altered = { ...record, announceSeq: record.announceSeq ^ 1n };
  report.equal('altered', 'error', outcome(verifyCommunityMember(altered)));
  if (entry.same_without_token_cbor_hex === null) return;
  const bare = { ...record, authTokenBytes: null };
  const bareOctets = asText(entry.same_without_token_cbor_hex, 'same_without_token_cbor_hex');
  report.equal('without token', bareOctets, toHex(encodeWith(communityMemberRecord, bare)));
  report.equal('without token, verify', 'ok', outcome(verifyCommunityMember(bare)));
}

function checkShare(entry: JsonObject, report: Report): void {
  const octets = asText(entry.record_cbor_hex, 'record_cbor_hex');
  const record = communityShareRecord.read(new Reader(asOctets(octets, 'record_cbor_hex')));
  const made = signCommunityShare(keyPairFromSeed(asOctets(entry.share_seed_hex, 'share_seed_hex')), {
    communityId: asOctets(entry.community_id_hex, 'community_id_hex'),
    latestManifestId: asOctets(entry.latest_manifest_id_hex, 'latest_manifest_id_hex'),
    latestSeq: asBigInt(entry.latest_seq, 'latest_seq'),
    updatedAt: asBigInt(entry.updated_at, 'updated_at'),
    title: entry.title === null ? null : asText(entry.title, 'title'),
    description: entry.description === null ? null : asText(entry.description, 'description'),
  });
  report.equal('made', octets, toHex(encodeWith(communityShareRecord, made)));
  report.equal('encoded again', octets, toHex(encodeWith(communityShareRecord, record)));
  const input = asText(entry.signable_hex, 'signable_hex');
  report.equal('signing input', input, toHex(communityShareSigningInput(record)));
  report.equal('signature', asText(entry.signature_hex, 'signature_hex'), toHex(record.signature));
  const tagged = asText(entry.tagged_hex, 'tagged_hex');
  report.equal('tagged', tagged, toHex(encodeTagged('community-share', record)));
  const key = communityShareKey(record.communityId, record.shareId);
  report.equal('dht key', asText(entry.dht_key_hex, 'dht_key_hex'), toHex(key));
  report.equal('verify', expectedOutcome(entry.verify, 'verify'), outcome(verifyCommunityShare(record)));
  for (const each of asList(entry.altered, 'altered').map((value) => asObject(value, 'altered'))) {
    const name = asText(each.change, 'change');
    const change = Object.hasOwn(ALTERED_SHARES, name) ? ALTERED_SHARES[name] : undefined;
    if (change === undefined) {
      report.skip(`altered: ${name}`);
      continue;
    }
    const verdict = verifyCommunityShare(change(record));
    report.equal(`altered: ${name}`, expectedOutcome(each.verify, 'verify'), outcome(verdict));
  }
}

const ALTERED_SHARES: Readonly<Record<string, (record: CommunityShareRecord) => CommunityShareRecord>> = {
  title: (r) => ({ ...r, title: `${r.title ?? ''} altered` }),
  description: (r) => ({ ...r, description: `${r.description ?? ''} altered` }),
  'latest_seq + 1': (r) => ({ ...r, latestSeq: BigInt.asUintN(64, r.latestSeq + 1n) }),
  'updated_at + 1': (r) => ({ ...r, updatedAt: r.updatedAt + 1n }),
};

function checkHint(entry: JsonObject, report: Report): void {
  const octets = asText(entry.hint_cbor_hex, 'hint_cbor_hex');
  const hint = communityBootstrapHint.read(new Reader(asOctets(octets, 'hint_cbor_hex')));
  const { difference } = compare(entry.hint, hint);
  report.equal('as written down', 'as written down', difference ?? 'as written down');
  report.equal('encoded again', octets, toHex(encodeWith(communityBootstrapHint, hint)));
  const tagged = asText(entry.tagged_hex, 'tagged_hex');
  report.equal('tagged', tagged, toHex(encodeTagged('community-hint', hint)));
  const key = asText(entry.dht_key_hex, 'dht_key_hex');
  report.equal('dht key', key, toHex(communityInfoKey(hint.communityId)));
  report.equal('verify', 'ok', outcome(checkBootstrapHint(hint)));
}
