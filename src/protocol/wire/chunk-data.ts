import { LENGTH_PREFIX, MAX_FRAME, MAX_PAYLOAD } from './limits.ts';

/** What comes before the data of a CHUNK_DATA frame (SCP2P wire, sections 2 and 6). */
export interface ChunkPreamble {
  readonly reqId: number;
  readonly contentId: Uint8Array;
  readonly index: number;
  /** Octets of data that follow. */
  readonly length: number;
}

/** A CHUNK_DATA frame in its canonical layout; offsets are those of the buffer that was parsed. */
export interface ChunkFrame {
  readonly reqId: number;
  readonly flags: number;
  /** A view on the buffer. */
  readonly contentId: Uint8Array;
  readonly index: number;
  readonly dataOffset: number;
  readonly dataLength: number;
}

const ID_LENGTH = 32;
// The fixed pieces of the frame: heads and keys as CBOR, with the integers between them left out.
const BEFORE_REQ_ID = Buffer.from('\xa4\x64type\x19\x01\xf5\x66req_id', 'latin1');
const BEFORE_FLAGS = Buffer.from('\x65flags', 'latin1');
const BEFORE_PAYLOAD = Buffer.from('\x67payload', 'latin1');
const BEFORE_ID = Buffer.from('\xa3\x00\x58\x20', 'latin1');
const BEFORE_INDEX = 0x01;
const BEFORE_DATA = 0x02;
const UINT = 0x00;
const BYTES = 0x40;
const RESPONSE = 0x01;

/** No preamble is longer: every integer in its five-octet form. */
export const CHUNK_PREAMBLE_MAX =
  LENGTH_PREFIX +
  BEFORE_REQ_ID.length +
  5 +
  BEFORE_FLAGS.length +
  1 +
  BEFORE_PAYLOAD.length +
  5 +
  BEFORE_ID.length +
  ID_LENGTH +
  1 +
  5 +
  1 +
  5;

/**
 * Writes everything of a CHUNK_DATA reply up to its data into `target` at `offset`, without allocating, and returns
 * the number of octets written (at most CHUNK_PREAMBLE_MAX); the data belongs right behind them. Throws RangeError when
 * `target` is too short or the message would break a limit of the network.
 */
export function writeChunkPreamble(target: Uint8Array, offset: number, chunk: ChunkPreamble): number {
  const payload =
    BEFORE_ID.length + ID_LENGTH + 1 + headLength(chunk.index) + 1 + headLength(chunk.length) + chunk.length;
  if (chunk.contentId.length !== ID_LENGTH || payload > MAX_PAYLOAD)
    throw new RangeError('not a chunk of this network');
  const body =
    BEFORE_REQ_ID.length +
    headLength(chunk.reqId) +
    BEFORE_FLAGS.length +
    1 +
    BEFORE_PAYLOAD.length +
    headLength(payload) +
    payload;
  if (offset + LENGTH_PREFIX + body - chunk.length > target.length) throw new RangeError('target too short');
  let at = writeUint(target, offset, body, LENGTH_PREFIX);
  target.set(BEFORE_REQ_ID, at);
  at = writeHead(target, at + BEFORE_REQ_ID.length, UINT, chunk.reqId);
  target.set(BEFORE_FLAGS, at);
  at += BEFORE_FLAGS.length;
  target[at++] = RESPONSE;
  target.set(BEFORE_PAYLOAD, at);
  at = writeHead(target, at + BEFORE_PAYLOAD.length, BYTES, payload);
  target.set(BEFORE_ID, at);
  target.set(chunk.contentId, at + BEFORE_ID.length);
  at += BEFORE_ID.length + ID_LENGTH;
  target[at++] = BEFORE_INDEX;
  at = writeHead(target, at, UINT, chunk.index);
  target[at++] = BEFORE_DATA;
  return writeHead(target, at, BYTES, chunk.length) - offset;
}

/**
 * Reads the preamble of a CHUNK_DATA frame that starts at the beginning of `frame`, of which `length` octets have
 * arrived. The data itself may still be on its way: dataOffset + dataLength is then beyond `length`. Null for anything
 * but the canonical layout with consistent lengths (also for a preamble that has not arrived in full): the general
 * decoder judges it then.
 */
export function parseChunkFrame(frame: Uint8Array, length: number): ChunkFrame | null {
  const cursor: Cursor = { frame, end: Math.min(length, frame.length), at: LENGTH_PREFIX, failed: false };
  expect(cursor, BEFORE_REQ_ID);
  const reqId = readHead(cursor, UINT);
  expect(cursor, BEFORE_FLAGS);
  const flags = readHead(cursor, UINT);
  expect(cursor, BEFORE_PAYLOAD);
  const payload = readHead(cursor, BYTES);
  const payloadOffset = cursor.at;
  expect(cursor, BEFORE_ID);
  const idOffset = cursor.at;
  cursor.at += ID_LENGTH;
  expectOctet(cursor, BEFORE_INDEX);
  const index = readHead(cursor, UINT);
  expectOctet(cursor, BEFORE_DATA);
  const dataLength = readHead(cursor, BYTES);
  if (cursor.failed) return null;
  const dataOffset = cursor.at;
  const end = dataOffset + dataLength;
  const body = readUint(frame, 0, LENGTH_PREFIX);
  if (body > MAX_FRAME || payload > MAX_PAYLOAD) return null;
  if (end !== payloadOffset + payload || end !== LENGTH_PREFIX + body) return null;
  const contentId = frame.subarray(idOffset, idOffset + ID_LENGTH);
  return { reqId, flags, contentId, index, dataOffset, dataLength };
}

interface Cursor {
  readonly frame: Uint8Array;
  readonly end: number;
  at: number;
  failed: boolean;
}

function expect(cursor: Cursor, piece: Uint8Array): void {
  if (cursor.at + piece.length > cursor.end) cursor.failed = true;
  for (let i = 0; i < piece.length && !cursor.failed; i++) {
    if (cursor.frame[cursor.at + i] !== piece[i]) cursor.failed = true;
  }
  cursor.at += piece.length;
}

function expectOctet(cursor: Cursor, octet: number): void {
  if (cursor.at >= cursor.end || cursor.frame[cursor.at] !== octet) cursor.failed = true;
  cursor.at++;
}

function readHead(cursor: Cursor, major: number): number {
  const initial = cursor.at < cursor.end ? (cursor.frame[cursor.at++] as number) : 0xff;
  const info = initial ^ major;
  if (info < 24) return info;
  const width = 1 << (info - 24);
  if (info > 26 || cursor.at + width > cursor.end) {
    cursor.failed = true;
    return 0;
  }
  cursor.at += width;
  return readUint(cursor.frame, cursor.at - width, width);
}

function readUint(from: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + (from[at + i] as number);
  return value;
}

function headLength(value: number): number {
  if (value < 24) return 1;
  if (value < 0x100) return 2;
  return value < 0x1_0000 ? 3 : 5;
}

function writeHead(target: Uint8Array, at: number, major: number, value: number): number {
  const length = headLength(value);
  if (length === 1) {
    target[at] = major | value;
    return at + 1;
  }
  target[at] = major | (length === 2 ? 24 : length === 3 ? 25 : 26);
  return writeUint(target, at + 1, value, length - 1);
}

function writeUint(target: Uint8Array, at: number, value: number, width: number): number {
  for (let i = 0; i < width; i++) target[at + i] = (value >>> (8 * (width - 1 - i))) & 0xff;
  return at + width;
}
