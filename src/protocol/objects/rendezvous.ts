import { sha256 } from '../crypto/sha256.ts';
import { rendezvousKey, u64 } from './dht-keys.ts';

/** Points at which relays can be met in one hour. */
export const RENDEZVOUS_SLOTS = 16n;

/** The two slots a relay announces itself at in one hour; they may be the same. */
export function rendezvousSlots(relayPubkey: Uint8Array, bucket: bigint): readonly [bigint, bigint] {
  return [slot(relayPubkey, bucket, 0), slot(relayPubkey, bucket, 1)];
}

/** DHT keys of those two slots. */
export function rendezvousKeys(
  relayPubkey: Uint8Array,
  bucket: bigint,
): readonly [first: Uint8Array, second: Uint8Array] {
  const [first, second] = rendezvousSlots(relayPubkey, bucket);
  return [rendezvousKey(bucket, first), rendezvousKey(bucket, second)];
}

function slot(relayPubkey: Uint8Array, bucket: bigint, which: 0 | 1): bigint {
  const digest = sha256(relayPubkey, u64(bucket), Uint8Array.of(which));
  return Buffer.from(digest).readBigUInt64BE(24) % RENDEZVOUS_SLOTS;
}
