import { encodeWith } from '../../protocol/cbor/codec.ts';
import { Reader } from '../../protocol/cbor/reader.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { communityMembers, mergeCommunityMembers } from '../../protocol/objects/community-members.ts';
import type { DhtContent, DhtKind } from '../../protocol/objects/dht-value.ts';
import { providers } from '../../protocol/objects/providers.ts';
import { type PeerAddr, peerAddr } from '../../protocol/wire/peer-addr.ts';

/** Addresses taken of the unsigned list of one giver, and given out of all lists together. */
const MAX_GIVEN = 16;
const MAX_COMPOSED = 64;

/** Values of one kind that stand under one key side by side. */
export function maxVariants(kind: DhtKind): number {
  switch (kind) {
    case 'share-head':
      return 4;
    case 'providers':
    case 'community-members':
      return 16;
    case 'relay-announcement-1':
    case 'relay-announcement-2':
      return 8;
    default:
      return 1;
  }
}

/**
 * What tells values of one kind under one key apart: unsigned lists are kept by who gave them, so that nobody overwrites
 * another's; heads whose signature cannot be checked each stand for themselves.
 */
export function variantOf({ kind, value }: DhtContent, origin: string): string {
  switch (kind) {
    case 'share-head':
      return toHex(value.sig);
    case 'providers':
    case 'community-members':
      return origin;
    case 'relay-announcement-1':
    case 'relay-announcement-2':
      return toHex(value.relayPubkey);
    default:
      return '';
  }
}

/** By what a value replaces one of the same kind and variant: the greater, number by number. Empty: the last one does. */
export function rankOf({ kind, value }: DhtContent): readonly bigint[] {
  switch (kind) {
    case 'share-head':
    case 'community-share':
      return [value.latestSeq, value.updatedAt];
    case 'relay-announcement-1':
    case 'relay-announcement-2':
      return [value.issuedAt];
    case 'community-member':
      return [value.announceSeq, value.issuedAt];
    case 'key-rotation':
      return [value.rotationSeq];
    case 'key-revocation':
      // The earliest stands.
      return [-value.issuedAt];
    default:
      return [];
  }
}

/** Positive: `a` is greater. */
export function compareRanks(a: readonly bigint[], b: readonly bigint[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index] ?? 0n;
    if (part !== other) return part > other ? 1 : -1;
  }
  return 0;
}

/** When the value itself says that it is over, unix seconds; null: it does not. */
export function expiryOf({ kind, value }: DhtContent): bigint | null {
  switch (kind) {
    case 'relay-announcement-1':
    case 'relay-announcement-2':
    case 'community-member':
      return value.expiresAt;
    case 'manifest':
      return value.expiresAt;
    default:
      return null;
  }
}

/** What is kept of a value: the octets as they came, a list of addresses cut to what one giver may have. */
export function keptOctets(content: DhtContent, octets: Uint8Array): Uint8Array {
  if (content.kind === 'providers') {
    const list = content.value.providers.slice(0, MAX_GIVEN);
    return encodeWith(providers, { ...content.value, providers: list });
  }
  if (content.kind === 'community-members') {
    const list = content.value.members.slice(0, MAX_GIVEN);
    return encodeWith(communityMembers, { ...content.value, members: list });
  }
  return new Uint8Array(octets);
}

/** Several lists of one kind as the one that is given out; the later ones come first. */
export function composed(kind: DhtKind, lists: readonly Uint8Array[]): Uint8Array {
  if (lists.length === 1) return lists[0]!;
  if (kind === 'community-members') {
    const all = lists.map((octets) => communityMembers.read(new Reader(octets)));
    const merged = all.slice(1).reduce(mergeCommunityMembers, all[0]!);
    return encodeWith(communityMembers, { ...merged, members: merged.members.slice(0, MAX_COMPOSED) });
  }
  const all = lists.map((octets) => providers.read(new Reader(octets)));
  return encodeWith(providers, {
    ...all[0]!,
    providers: inTurn(all.map((each) => each.providers)),
  });
}

/** One of each list in turn, so that no giver fills it alone; equal addresses once. */
function inTurn(lists: readonly (readonly PeerAddr[])[]): PeerAddr[] {
  const seen = new Set<string>();
  const out: PeerAddr[] = [];
  for (let place = 0; place < MAX_GIVEN; place++) {
    for (const list of lists) {
      const peer = list[place];
      if (peer === undefined || out.length >= MAX_COMPOSED) continue;
      const name = toHex(encodeWith(peerAddr, peer));
      if (seen.has(name)) continue;
      seen.add(name);
      out.push(peer);
    }
  }
  return out;
}
