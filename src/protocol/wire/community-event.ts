import type { Codec } from '../cbor/codec.ts';
import { DecodeError } from '../cbor/decode-error.ts';
import type { Reader } from '../cbor/reader.ts';

/** A line of a community's log (SCP2P wire v2, section 6). */
export type CommunityEvent =
  | {
      readonly type: 'member_joined' | 'member_left';
      readonly memberNodePubkey: Uint8Array;
      readonly announceSeq: bigint;
    }
  | {
      readonly type: 'share_upserted';
      readonly shareId: Uint8Array;
      readonly latestSeq: bigint;
      readonly title: string | null;
    };

const TYPES = ['member_joined', 'member_left', 'share_upserted'] as const;
type EventType = (typeof TYPES)[number];

const MEMBER_FIELDS = ['member_node_pubkey', 'announce_seq'] as const;
const SHARE_FIELDS = ['share_id', 'latest_seq', 'title'] as const;

/**
 * Events are the one shape with rules of its own (SCP2P wire v2, section 1): the reference first buffers the map, so
 * ids must be arrays of exactly 32 integers, unknown integer keys are harmless (the first ones even count as the
 * fields in their order), tags are refused, texts may be byte strings, and the event may be an array.
 */
export const communityEvent: Codec<CommunityEvent> = {
  read(r) {
    r.refuseTag();
    return r.nextIsArray() ? readArray(r) : readMap(r);
  },
  write(w, event) {
    if (event.type === 'share_upserted') {
      w.map(event.title === null ? 3 : 4);
      w.text('type').text(event.type);
      w.text('share_id').byteArray(event.shareId);
      w.text('latest_seq').uint(event.latestSeq);
      if (event.title !== null) w.text('title').text(event.title);
      return;
    }
    w.map(3);
    w.text('type').text(event.type);
    w.text('member_node_pubkey').byteArray(event.memberNodePubkey);
    w.text('announce_seq').uint(event.announceSeq);
  },
};

function readMap(r: Reader): CommunityEvent {
  // The type may stand anywhere, and the other fields cannot be read without it.
  let type: EventType | null = null;
  r.lookAhead(() =>
    r.eachNamedOrIndexedEntry((key) => {
      if (key !== 'type') return r.skip();
      if (type !== null) throw new DecodeError('duplicate field `type`');
      type = readType(r);
    }),
  );
  if (type === null) throw new DecodeError('missing field `type`');
  const names: readonly string[] = fieldsOf(type);
  const found: unknown[] = [];
  r.eachNamedOrIndexedEntry((key) => {
    const index = typeof key === 'number' ? key : names.indexOf(key);
    if (index < 0 || index >= names.length) return r.skip();
    if (found[index] !== undefined) throw new DecodeError(`duplicate field \`${names[index]}\``);
    found[index] = readField(r, index);
  });
  return build(type, found);
}

function readArray(r: Reader): CommunityEvent {
  let type: EventType | null = null;
  const found: unknown[] = [];
  r.eachItem(() => {
    r.refuseTag();
    if (type === null) type = readType(r);
    else if (found.length >= fieldsOf(type).length) throw new DecodeError('invalid length of an event');
    else found.push(readField(r, found.length));
  });
  if (type === null) throw new DecodeError('missing field `type`');
  return build(type, found);
}

function readType(r: Reader): EventType {
  const name = r.key();
  for (const known of TYPES) if (known === name) return known;
  const list = TYPES.map((known) => `\`${known}\``).join(', ');
  throw new DecodeError(`unknown variant \`${name.slice(0, 64)}\`, expected one of ${list}`);
}

function fieldsOf(type: EventType): readonly string[] {
  return type === 'share_upserted' ? SHARE_FIELDS : MEMBER_FIELDS;
}

/** Both kinds of event have an id first and a number second; the third is a title. */
function readField(r: Reader, index: number): unknown {
  if (index === 0) return r.exactOctets(32);
  if (index === 1) return r.u64();
  return r.optional(() => r.textOrBytes());
}

function build(type: EventType, found: readonly unknown[]): CommunityEvent {
  const [id, seq, title] = found as [Uint8Array?, bigint?, (string | null)?];
  const names = fieldsOf(type);
  if (id === undefined) throw new DecodeError(`missing field \`${names[0]}\``);
  if (seq === undefined) throw new DecodeError(`missing field \`${names[1]}\``);
  if (type === 'share_upserted') return { type, shareId: id, latestSeq: seq, title: title ?? null };
  return { type, memberNodePubkey: id, announceSeq: seq };
}
