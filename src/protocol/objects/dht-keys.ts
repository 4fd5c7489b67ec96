import { sha256 } from '../crypto/sha256.ts';

/**
 * Keys of the DHT: SHA-256 over an ASCII prefix and what follows, without a separator (SCP2P wire, section 8, and
 * SCP2P wire v2, section 8).
 */
function key(prefix: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return sha256(Buffer.from(prefix, 'ascii'), ...parts);
}

export const shareHeadKey = (shareId: Uint8Array): Uint8Array => key('share:head:', shareId);
export const manifestKey = (manifestId: Uint8Array): Uint8Array => key('manifest:loc:', manifestId);
export const providersKey = (contentId: Uint8Array): Uint8Array => key('content:prov:', contentId);
/** The member list in dialect 1, the bootstrap hint in dialect 2. */
export const communityInfoKey = (communityId: Uint8Array): Uint8Array => key('community:info:', communityId);
export const communityMemberKey = (communityId: Uint8Array, memberKey: Uint8Array): Uint8Array =>
  key('community:member:', communityId, memberKey);
export const communityShareKey = (communityId: Uint8Array, shareId: Uint8Array): Uint8Array =>
  key('community:share:', communityId, shareId);
export const membersPageKey = (communityId: Uint8Array, bucket: bigint, pageNo: number): Uint8Array =>
  key('community:members:page:', communityId, u64(bucket), u16(pageNo));
export const sharesPageKey = (communityId: Uint8Array, bucket: bigint, pageNo: number): Uint8Array =>
  key('community:shares:page:', communityId, u64(bucket), u16(pageNo));
/** By the old key: whoever knows it finds its successor. */
export const rotationKey = (oldKey: Uint8Array): Uint8Array => key('identity:rotation:', oldKey);
export const revocationKey = (publicKey: Uint8Array): Uint8Array => key('identity:revocation:', publicKey);
export const rendezvousKey = (bucket: bigint, slot: bigint): Uint8Array =>
  key('scp2p:relay:rendezvous', u64(bucket), u64(slot));

/** The hour, counted from 1970, by which rendezvous points and materialized pages are named. */
export function hourBucket(unixSeconds: bigint): bigint {
  return unixSeconds / 3600n;
}

/** 64 bits, big-endian, as they go into hashes. */
export function u64(value: bigint): Uint8Array {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(value);
  return out;
}

function u16(value: number): Uint8Array {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(value);
  return out;
}
