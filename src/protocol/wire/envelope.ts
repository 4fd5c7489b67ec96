import { bytes, field, textStruct, u16, u32 } from '../cbor/codec.ts';
import { DecodeError } from '../cbor/decode-error.ts';
import { Reader } from '../cbor/reader.ts';
import { Writer } from '../cbor/writer.ts';
import { LENGTH_PREFIX, MAX_FRAME, MAX_PAYLOAD } from './limits.ts';

/** What a frame holds after the handshake (SCP2P wire, section 2). */
export interface Envelope {
  readonly type: number;
  /** Chosen by the asker, repeated in the reply; unique on its connection only. */
  readonly reqId: number;
  readonly flags: number;
  /** An encoded message, nothing at all, or the text of an error. */
  readonly payload: Uint8Array;
}

export const FLAG_RESPONSE = 0x0001;
export const FLAG_ERROR = 0x0002;

export const envelope = textStruct<Envelope>({
  type: field('type', u16),
  reqId: field('req_id', u32),
  flags: field('flags', u16),
  payload: field('payload', bytes),
});

/** The longest an envelope can be around its payload: four keys, three integers, the head of the payload. */
const ENVELOPE_OVERHEAD = 64;

/**
 * Reads the content of a frame. The payload is a view on `frame`. Throws DecodeError when it is no envelope or the
 * payload has more than `maxPayload` octets: the connection is to be closed without a reply.
 */
export function decodeEnvelope(frame: Uint8Array, maxPayload = MAX_PAYLOAD): Envelope {
  const value = envelope.read(new Reader(frame));
  if (value.payload.length > maxPayload) throw new DecodeError('envelope payload exceeds max size');
  return value;
}

/**
 * The same for a frame so long that the cost of reading it matters: only in the form that every encoder of the network
 * writes, four keys and nothing else, the payload a byte string. So it costs no more than a short one, whatever is in it.
 */
export function decodePlainEnvelope(frame: Uint8Array, maxPayload = MAX_PAYLOAD): Envelope {
  const r = new Reader(frame);
  const found: Partial<Record<string, number | Uint8Array>> = {};
  r.refuseTag();
  r.eachNamedOrIndexedEntry((key) => {
    if (key in found) throw new DecodeError(`duplicate field \`${key}\``);
    if (key === 'payload') found[key] = r.byteString();
    else if (key === 'req_id') found[key] = r.uint(0xffff_ffff);
    else if (key === 'type' || key === 'flags') found[key] = r.uint(0xffff);
    else throw new DecodeError(`unknown field \`${key}\` in a long frame`);
  });
  const { type, req_id: reqId, flags, payload } = found;
  if (type === undefined || reqId === undefined || flags === undefined || payload === undefined) {
    throw new DecodeError('missing field in a long frame');
  }
  if ((payload as Uint8Array).length > maxPayload) throw new DecodeError('envelope payload exceeds max size');
  return { type, reqId, flags, payload } as Envelope;
}

/** The envelope without a length prefix: what travels inside RELAY_STREAM. */
export function encodeEnvelope(value: Envelope): Uint8Array {
  const w = new Writer(value.payload.length + ENVELOPE_OVERHEAD);
  envelope.write(w, value);
  return w.finish();
}

/** The whole frame, length prefix and all, in one piece. Throws RangeError above MAX_FRAME. */
export function encodeFrame(value: Envelope): Uint8Array {
  const w = new Writer(value.payload.length + ENVELOPE_OVERHEAD);
  w.raw(new Uint8Array(LENGTH_PREFIX));
  envelope.write(w, value);
  return withLength(w.finish(), MAX_FRAME);
}

/** A frame around a message that is encoded already, as the handshake's. Throws RangeError above `max` octets. */
export function frameOf(body: Uint8Array, max: number): Uint8Array {
  const frame = new Uint8Array(LENGTH_PREFIX + body.length);
  frame.set(body, LENGTH_PREFIX);
  return withLength(frame, max);
}

function withLength(frame: Uint8Array, max: number): Uint8Array {
  const length = frame.length - LENGTH_PREFIX;
  if (length > max) throw new RangeError(`frame of ${length} octets, the limit is ${max}`);
  new DataView(frame.buffer, frame.byteOffset).setUint32(0, length);
  return frame;
}
