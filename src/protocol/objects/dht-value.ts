import { type Codec, encodeWith } from '../cbor/codec.ts';
import { DecodeError } from '../cbor/decode-error.ts';
import { Reader } from '../cbor/reader.ts';
import { bytesEqual, concatBytes } from '../crypto/bytes.ts';
import type { Dialect } from '../dialect.ts';
import {
  type CommunityBootstrapHint,
  checkBootstrapHint,
  checkMaterializedPage,
  communityBootstrapHint,
  type MaterializedMembersPage,
  type MaterializedSharesPage,
  materializedMembersPage,
  materializedSharesPage,
} from './community-hints.ts';
import {
  type CommunityMemberRecord,
  communityMemberRecord,
  verifyCommunityMember,
} from './community-member-record.ts';
import { type CommunityMembers, communityMembers } from './community-members.ts';
import {
  type CommunityShareRecord,
  communityShareRecord,
  verifyCommunityShare,
} from './community-share-record.ts';
import * as keys from './dht-keys.ts';
import { type KeyRevocation, keyRevocation, verifyKeyRevocation } from './key-revocation.ts';
import { type KeyRotation, keyRotation, verifyKeyRotation } from './key-rotation.ts';
import { type Manifest, manifest, manifestId } from './manifest.ts';
import { type Providers, providers } from './providers.ts';
import {
  type RelayAnnouncement,
  readRelayAnnouncement,
  verifyRelayAnnouncement,
} from './relay-announcement.ts';
import { rendezvousKeys } from './rendezvous.ts';
import { type ShareHead, shareHead } from './share-head.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** The largest value the DHT takes, in octets. */
export const MAX_DHT_VALUE = 65_536;

/** What a value is. The two announcements of a relay are two kinds: they live side by side under one key. */
export type DhtContent =
  | { readonly kind: 'share-head'; readonly value: ShareHead }
  | { readonly kind: 'providers'; readonly value: Providers }
  | { readonly kind: 'manifest'; readonly value: Manifest }
  | { readonly kind: 'relay-announcement-1'; readonly value: RelayAnnouncement }
  | { readonly kind: 'relay-announcement-2'; readonly value: RelayAnnouncement }
  | { readonly kind: 'community-members'; readonly value: CommunityMembers }
  | { readonly kind: 'community-member'; readonly value: CommunityMemberRecord }
  | { readonly kind: 'community-share'; readonly value: CommunityShareRecord }
  | { readonly kind: 'community-hint'; readonly value: CommunityBootstrapHint }
  | { readonly kind: 'members-page'; readonly value: MaterializedMembersPage }
  | { readonly kind: 'shares-page'; readonly value: MaterializedSharesPage }
  | { readonly kind: 'key-rotation'; readonly value: KeyRotation }
  | { readonly kind: 'key-revocation'; readonly value: KeyRevocation };

export type DhtKind = DhtContent['kind'];

/** First octets of the values that came with dialect 2; all others are bare CBOR maps. */
const TAGGED = [
  [0x31, 'community-member', communityMemberRecord],
  [0x32, 'community-share', communityShareRecord],
  [0x33, 'community-hint', communityBootstrapHint],
  [0x34, 'members-page', materializedMembersPage],
  [0x35, 'shares-page', materializedSharesPage],
  [0x36, 'key-rotation', keyRotation],
  [0x37, 'key-revocation', keyRevocation],
] as const;

const announcement: Codec<RelayAnnouncement> = {
  read: readRelayAnnouncement,
  write() {
    throw new Error('an announcement is written in a dialect');
  },
};

/** Untagged values are told by the first type that decodes, in this order (SCP2P wire, section 10.3). */
const UNTAGGED = [
  ['share-head', shareHead],
  ['providers', providers],
  ['manifest', manifest],
  ['relay-announcement', announcement],
  ['community-members', communityMembers],
] as const;

/**
 * What the octets are, or null when they are nothing the network knows. Only the form is looked at; key, dialect and
 * signatures are for `checkDhtValue`. Ids in the result are copies.
 */
export function parseDhtValue(octets: Uint8Array): DhtContent | null {
  for (const [tag, kind, codec] of TAGGED) {
    if (tag !== octets[0]) continue;
    const value = tryRead<unknown>(codec, octets, 1);
    return value === null ? null : ({ kind, value } as DhtContent);
  }
  for (const [kind, codec] of UNTAGGED) {
    const value = tryRead<unknown>(codec, octets, 0);
    if (value === null) continue;
    if (kind !== 'relay-announcement') return { kind, value } as DhtContent;
    const form = (value as RelayAnnouncement).capabilities.keys === 5 ? 1 : 2;
    return { kind: `${kind}-${form}`, value } as DhtContent;
  }
  return null;
}

export type TaggedKind = (typeof TAGGED)[number][1];

/** The first octet of values of this kind. */
export function tagOf(kind: TaggedKind): number {
  return TAGGED.find((entry) => entry[1] === kind)![0];
}

/** The octets of a record that carries a tag, tag included. */
export function encodeTagged<Kind extends TaggedKind>(
  kind: Kind,
  value: Extract<DhtContent, { kind: Kind }>['value'],
): Uint8Array {
  const codec = TAGGED.find((entry) => entry[1] === kind)![2] as Codec<unknown>;
  return concatBytes(Uint8Array.of(tagOf(kind)), encodeWith(codec, value));
}

/** Whether nodes of this dialect know such values: others refuse to store them. */
export function dialectKnowsKind(dialect: Dialect, kind: DhtKind): boolean {
  switch (kind) {
    case 'share-head':
    case 'providers':
    case 'manifest':
      return true;
    case 'relay-announcement-1':
    case 'community-members':
      return dialect.capabilityKeys === 5;
    case 'key-rotation':
    case 'key-revocation':
      return dialect.version === 2;
    default:
      return dialect.capabilityKeys === 8;
  }
}

/** The keys a value may stand under: one, but for announcements, which have two an hour and some leeway. */
export function keysOf(content: DhtContent): readonly Uint8Array[] {
  const { kind, value } = content;
  switch (kind) {
    case 'share-head':
      return [keys.shareHeadKey(value.shareId)];
    case 'providers':
      return [keys.providersKey(value.contentId)];
    case 'manifest':
      return [keys.manifestKey(manifestId(value))];
    case 'relay-announcement-1':
    case 'relay-announcement-2':
      return announcementKeys(value);
    case 'community-members':
      return [keys.communityInfoKey(value.communityShareId)];
    case 'community-member':
      return [keys.communityMemberKey(value.communityId, value.memberNodePubkey)];
    case 'community-share':
      return [keys.communityShareKey(value.communityId, value.shareId)];
    case 'community-hint':
      return [keys.communityInfoKey(value.communityId)];
    case 'members-page':
      return [keys.membersPageKey(value.communityId, value.bucket, value.pageNo)];
    case 'shares-page':
      return [keys.sharesPageKey(value.communityId, value.bucket, value.pageNo)];
    case 'key-rotation':
      return [keys.rotationKey(value.oldPubkey)];
    case 'key-revocation':
      return [keys.revocationKey(value.pubkey)];
  }
}

/** Structure and signature, as far as the value carries what is needed. A share head does not carry its key. */
export function verifyDhtContent(content: DhtContent, now: bigint): Verdict {
  const { kind, value } = content;
  switch (kind) {
    case 'relay-announcement-1':
    case 'relay-announcement-2':
      return verifyRelayAnnouncement(value);
    case 'community-member':
      return verifyCommunityMember(value);
    case 'community-share':
      return verifyCommunityShare(value);
    case 'community-hint':
      return checkBootstrapHint(value);
    case 'members-page':
    case 'shares-page':
      return checkMaterializedPage(value);
    case 'key-rotation':
      return verifyKeyRotation(value, now);
    case 'key-revocation':
      return verifyKeyRevocation(value, now);
    default:
      return VALID;
  }
}

export type DhtValueCheck =
  | { readonly ok: true; readonly content: DhtContent }
  | { readonly ok: false; readonly reason: string };

/**
 * All that the network asks of a value before it is stored, served or believed (SCP2P wire, section 10.3; wire v2,
 * section 10): size, kind known to the dialect it moves in, key, signature. The cheap questions come first.
 */
export function checkDhtValue(
  key: Uint8Array,
  octets: Uint8Array,
  dialect: Dialect,
  now: bigint,
): DhtValueCheck {
  if (octets.length > MAX_DHT_VALUE) return invalid('too-large');
  const content = parseDhtValue(octets);
  if (content === null || !dialectKnowsKind(dialect, content.kind)) return invalid('unknown-kind');
  if (!keysOf(content).some((own) => bytesEqual(own, key))) return invalid('wrong-key');
  const verdict = verifyDhtContent(content, now);
  return verdict.ok ? { ok: true, content } : verdict;
}

function announcementKeys(a: RelayAnnouncement): readonly Uint8Array[] {
  const bucket = keys.hourBucket(a.issuedAt);
  const buckets = bucket === 0n ? [bucket, bucket + 1n] : [bucket - 1n, bucket, bucket + 1n];
  return buckets.flatMap((each) => [...rendezvousKeys(a.relayPubkey, each)]);
}

function tryRead<T>(codec: Codec<T>, octets: Uint8Array, offset: number): T | null {
  try {
    return codec.read(new Reader(octets, offset));
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
