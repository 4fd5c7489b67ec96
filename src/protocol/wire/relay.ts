import {
  arrayOf,
  bool,
  bytes,
  type Codec,
  defaulted,
  field,
  nullable,
  textStruct,
  u16,
  u32,
  u64,
  variantOf,
} from '../cbor/codec.ts';
import { DIALECT_1, DIALECT_2 } from '../dialect.ts';
import {
  type RelayAnnouncement,
  readRelayAnnouncement,
  writeRelayAnnouncement,
} from '../objects/relay-announcement.ts';

/** 450. A slot to renew, or null for a new one; with `tunnel` the stream turns round after the reply. */
export interface RelayRegister {
  readonly relaySlotId: bigint | null;
  readonly tunnel: boolean;
}

export const relayRegister = textStruct<RelayRegister>({
  relaySlotId: nullable('relay_slot_id', u64),
  tunnel: defaulted('tunnel', bool, false),
});

/** 451 */
export interface RelayRegistered {
  readonly relaySlotId: bigint;
  readonly expiresAt: bigint;
}

export const relayRegistered = textStruct<RelayRegistered>({
  relaySlotId: field('relay_slot_id', u64),
  expiresAt: field('expires_at', u64),
});

/** 452 */
export interface RelayConnect {
  readonly relaySlotId: bigint;
}

export const relayConnect = textStruct<RelayConnect>({ relaySlotId: field('relay_slot_id', u64) });

export type RelayStreamKind = 'control' | 'content';

/** 453, both ways. The payload is an encoded envelope when there is a tunnel; a view on the message it came in. */
export interface RelayStream {
  readonly relaySlotId: bigint;
  readonly streamId: number;
  readonly kind: RelayStreamKind;
  readonly payload: Uint8Array;
}

export const relayStream = textStruct<RelayStream>({
  relaySlotId: field('relay_slot_id', u64),
  streamId: field('stream_id', u32),
  kind: defaulted('kind', variantOf<RelayStreamKind>('control', 'content'), 'control'),
  payload: field('payload', bytes),
});

/** 460 */
export interface RelayListRequest {
  readonly maxCount: number;
}

export const relayListRequest = textStruct<RelayListRequest>({ maxCount: field('max_count', u16) });

// An announcement is signed over the capabilities of one dialect, and is nothing but a failed signature in another:
// it is passed on in the form in which it came.
const announcement: Codec<RelayAnnouncement> = {
  read: readRelayAnnouncement,
  write: (w, a) => writeRelayAnnouncement(w, a, a.capabilities.keys === 8 ? DIALECT_2 : DIALECT_1),
};

/** 461 */
export interface RelayListResponse {
  readonly announcements: readonly RelayAnnouncement[];
}

export const relayListResponse = textStruct<RelayListResponse>({
  announcements: field('announcements', arrayOf(announcement)),
});
