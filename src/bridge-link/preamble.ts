import { DecodeError } from '../protocol/cbor/decode-error.ts';

// What stands on a local socket before the bytes of a QUIC stream: two octets of length, big-endian, and JSON. Nothing in
// it belongs to the engine that speaks QUIC: any program may take its place.

/** Longest JSON of a preamble. */
export const MAX_PREAMBLE = 1024;
const VERSION = 1;
const LENGTH_OCTETS = 2;

/** How the sender of a stream shares the path with others: `bbr` bears loss, `cubic` is faster on clean and short paths. */
export type Congestion = 'cubic' | 'bbr';
const CONGESTIONS: readonly string[] = ['cubic', 'bbr'] satisfies Congestion[];

/** From a shard that dials. The first bytes of the stream may follow at once. */
export interface DialRequest {
  readonly host: string;
  readonly port: number;
  /** Milliseconds until the stream must be open. */
  readonly ms: number;
  readonly congestion: Congestion;
}

/** To a shard, in either role: the stream is open. */
export interface StreamOpen {
  readonly role: 'accepted' | 'dialled';
  /** `ip:port`, an IPv6 address in brackets. */
  readonly remote: string;
  /** The protocol both ends agreed on; null: none was offered. */
  readonly alpn: string | null;
}

/** To a shard that dialled: there is no stream, and the socket closes. */
export interface DialFailed {
  readonly role: 'failed';
  readonly reason: string;
}

export function encodeDialRequest(request: DialRequest): Uint8Array {
  return encode(request);
}

export function encodeStreamOpen(open: StreamOpen): Uint8Array {
  return encode(open);
}

export function encodeDialFailed(reason: string): Uint8Array {
  return encode({ role: 'failed', reason: reason.slice(0, MAX_PREAMBLE >> 3) });
}

/** Throws DecodeError. */
export function decodeDialRequest(json: Uint8Array): DialRequest {
  const { host, port, ms, congestion } = decode(json);
  if (typeof host !== 'string' || host === '') throw new DecodeError('a dial request without a host');
  if (!isInteger(port, 1, 65_535)) throw new DecodeError('a dial request without a port');
  if (!isInteger(ms, 1, 3_600_000)) throw new DecodeError('a dial request without a deadline');
  if (!isCongestion(congestion)) throw new DecodeError('a dial request with an unknown congestion control');
  return { host, port, ms, congestion };
}

/** Throws DecodeError. */
export function decodeOpening(json: Uint8Array): StreamOpen | DialFailed {
  const { role, remote, alpn, reason } = decode(json);
  if (role === 'failed') {
    if (typeof reason !== 'string') throw new DecodeError('a failed dial without a reason');
    return { role, reason };
  }
  if (role !== 'accepted' && role !== 'dialled') throw new DecodeError('a preamble of an unknown role');
  if (typeof remote !== 'string' || !/^(\[[0-9a-f:.]+\]|[0-9.]+):\d{1,5}$/.test(remote)) {
    throw new DecodeError('a preamble without the address of the peer');
  }
  if (alpn !== null && typeof alpn !== 'string') throw new DecodeError('a preamble without its protocol');
  return { role, remote, alpn };
}

/** Takes exactly a preamble off the pieces of a socket: what follows it is not touched. */
export class PreambleReader {
  #buffer = new Uint8Array(LENGTH_OCTETS);
  #filled = 0;
  #json = false;

  /** How many octets may be given next: no more than belong to the preamble. 0: it is whole. */
  get missing(): number {
    return this.#buffer.length - this.#filled;
  }

  /** Where they may be put, as an alternative to `add`; then `received` says how many came. */
  place(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(this.#filled);
  }

  /** At most `missing` octets; the JSON once it is whole, else null. Throws DecodeError for one that is too long, or empty. */
  add(bytes: Uint8Array): Uint8Array | null {
    this.place().set(bytes);
    return this.received(bytes.length);
  }

  /** As `add`, of octets that were put at `place()`. */
  received(count: number): Uint8Array | null {
    this.#filled += count;
    if (this.missing > 0) return null;
    if (this.#json) return this.#buffer;
    const length = (this.#buffer[0]! << 8) | this.#buffer[1]!;
    if (length === 0 || length > MAX_PREAMBLE) throw new DecodeError(`a preamble of ${length} octets`);
    this.#buffer = new Uint8Array(length);
    this.#filled = 0;
    this.#json = true;
    return null;
  }
}

function encode(fields: object): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ v: VERSION, ...fields }));
  if (json.length > MAX_PREAMBLE) throw new RangeError(`a preamble of ${json.length} octets`);
  const bytes = new Uint8Array(LENGTH_OCTETS + json.length);
  bytes[0] = json.length >> 8;
  bytes[1] = json.length & 0xff;
  bytes.set(json, LENGTH_OCTETS);
  return bytes;
}

function decode(json: Uint8Array): Record<string, unknown> {
  let fields: unknown;
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch {
    throw new DecodeError('a preamble that is no JSON');
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw new DecodeError('a preamble that is no object');
  }
  if ((fields as { v?: unknown }).v !== VERSION) throw new DecodeError('a preamble of another version');
  return fields as Record<string, unknown>;
}

const isInteger = (value: unknown, from: number, to: number): value is number =>
  Number.isInteger(value) && (value as number) >= from && (value as number) <= to;

const isCongestion = (value: unknown): value is Congestion =>
  typeof value === 'string' && CONGESTIONS.includes(value);
