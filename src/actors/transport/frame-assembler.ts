import { LENGTH_PREFIX, MAX_HANDSHAKE_FRAME } from '../../protocol/wire/limits.ts';
import { CHUNK_BUFFER_SIZE, type ChunkBuffers } from './chunk-buffers.ts';
import type { FrameMemory } from './frame-memory.ts';
import { PeerFault } from './peer-fault.ts';

/** First buffer of a frame that came in pieces; requests and most replies fit. */
const SMALL = 1024;
/** One TLS record: no piece is longer, so that a place of this size takes whatever comes. */
const RECORD = 16_384;
const GROWTH = 4;

/**
 * Makes frames of the pieces of one connection. Pieces are either received in place (`place`, then `received`) or
 * pushed; frames are handed out as views, length prefix included, valid until the callback returns. Memory grows
 * with the octets that have arrived (at most sixteenfold, in steps), never with the length announced.
 */
export class FrameAssembler {
  /** Longest frame without its prefix: 64 KiB until the handshake is over. */
  limit = MAX_HANDSHAKE_FRAME;
  /**
   * Chunks are expected: a chunk's buffer is kept from frame to frame. Takes effect with the next place, because the
   * one given last belongs to the socket until octets have come.
   */
  bulk = false;
  readonly #buffers: ChunkBuffers;
  readonly #onFrame: (frame: Uint8Array) => void;
  readonly #memory: FrameMemory | null;
  #reserved = 0;
  #buffer: Buffer<ArrayBuffer> | null = null;
  #filled = 0;
  #taken = false;
  #closed = false;

  /** `memory`: where frames longer than a TLS record are counted; null: nowhere. */
  constructor(
    buffers: ChunkBuffers,
    onFrame: (frame: Uint8Array) => void,
    memory: FrameMemory | null = null,
  ) {
    this.#buffers = buffers;
    this.#onFrame = onFrame;
    this.#memory = memory;
  }

  /** Octets of a frame that is not whole yet. */
  get partial(): number {
    return this.#filled;
  }

  /** Where the next octets go. Ends with the frame where its length is known, so that frames need no copying. */
  place(): Uint8Array<ArrayBuffer> {
    if (this.#closed) return alloc(1);
    const total = this.#announced();
    if (this.#buffer === null) this.#buffer = this.bulk ? this.#buffers.take() : alloc(RECORD);
    if (this.#filled === this.#buffer.length) this.#grow(total);
    const end = total > this.#filled ? Math.min(total, this.#buffer.length) : this.#buffer.length;
    return this.#buffer.subarray(this.#filled, end);
  }

  /** So many octets were put at `place()`. Throws PeerFault when a frame is longer than allowed, or than there is memory for. */
  received(count: number): void {
    if (this.#closed) return;
    this.#filled += count;
    // Fifteen of sixteen pieces of a chunk end no frame: no view is made for them.
    const total = this.#announced();
    if (total === 0 || this.#filled < total) return;
    const whole = this.#handOut(this.#buffer!.subarray(0, this.#filled));
    if (this.#closed) return;
    if (whole > 0) this.#moveDown(whole);
    if (this.#filled === 0 && !this.#keeps()) this.#release();
  }

  /** A piece with memory of its own. Whole frames in it are handed out where they are. */
  push(piece: Uint8Array): void {
    let at = 0;
    while (at < piece.length && !this.#closed) {
      if (this.#filled === 0) {
        at += this.#handOut(piece.subarray(at));
        if (at === piece.length || this.#closed) return;
        this.#buffer ??= this.bulk ? this.#buffers.take() : alloc(SMALL);
      }
      const place = this.place();
      const step = Math.min(place.length, piece.length - at);
      place.set(piece.subarray(at, at + step));
      at += step;
      this.received(step);
    }
  }

  /**
   * Inside the callback, for a frame that is to outlive it: its memory is the caller's from now on, to be given back
   * to the shard's buffers. Null when the frame lies elsewhere: then it has to be copied.
   */
  take(frame: Uint8Array): Buffer<ArrayBuffer> | null {
    const buffer = this.#buffer;
    if (buffer === null || this.#taken || buffer.length !== CHUNK_BUFFER_SIZE) return null;
    if (frame.buffer !== buffer.buffer || frame.byteOffset !== buffer.byteOffset) return null;
    this.#taken = true;
    return buffer;
  }

  /** Hands out nothing more and lets go of the memory. */
  close(): void {
    this.#closed = true;
    this.#release();
  }

  /** Hands out the whole frames at the start of `bytes`; the number of octets they take. */
  #handOut(bytes: Uint8Array): number {
    let at = 0;
    while (!this.#closed && bytes.length - at >= LENGTH_PREFIX) {
      const total = LENGTH_PREFIX + this.#lengthAt(bytes, at);
      if (bytes.length - at < total) break;
      this.#onFrame(bytes.subarray(at, at + total));
      at += total;
    }
    return at;
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const length =
      bytes[at]! * 0x1_00_00_00 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
    if (length > this.limit) throw new PeerFault(`frame of ${length} octets, the limit is ${this.limit}`);
    return length;
  }

  /** Length of the frame that has begun, prefix included; 0 while unknown. */
  #announced(): number {
    if (this.#buffer === null || this.#filled < LENGTH_PREFIX) return 0;
    return LENGTH_PREFIX + this.#lengthAt(this.#buffer, 0);
  }

  #moveDown(whole: number): void {
    const old = this.#buffer!;
    const rest = this.#filled - whole;
    if (this.#taken) {
      // The first frame's memory went to the caller; what came behind it moves to a new one.
      this.#taken = false;
      this.#buffer = rest === 0 ? null : this.#buffers.take();
    }
    if (rest > 0) old.copy(this.#buffer!, 0, whole, this.#filled);
    this.#filled = rest;
  }

  #grow(total: number): void {
    const old = this.#buffer!;
    const wanted = Math.min(old.length * GROWTH, total);
    // From a TLS record on the step to a chunk's buffer is the sixteenfold; those are at hand.
    const pooled = old.length >= RECORD && total <= CHUNK_BUFFER_SIZE && total > old.length;
    const size = pooled ? CHUNK_BUFFER_SIZE : Math.max(wanted, old.length + 1);
    if (size > RECORD) this.#reserve(size);
    const next = pooled ? this.#buffers.take() : alloc(size);
    old.copy(next, 0, 0, this.#filled);
    this.#recycle(old);
    this.#buffer = next;
  }

  /** A record's buffer stays with a connection that receives in place; a chunk's only while chunks are expected. */
  #keeps(): boolean {
    if (this.#buffer === null) return true;
    return this.#buffer.length === (this.bulk ? CHUNK_BUFFER_SIZE : RECORD);
  }

  #release(): void {
    if (this.#buffer !== null && !this.#taken) this.#recycle(this.#buffer);
    this.#buffer = null;
    this.#filled = 0;
    if (this.#reserved > 0) this.#reserve(0);
  }

  #reserve(size: number): void {
    if (this.#memory === null) return;
    if (!this.#memory.change(size - this.#reserved)) throw new PeerFault('no memory for another long frame');
    this.#reserved = size;
  }

  #recycle(buffer: Buffer<ArrayBuffer>): void {
    if (buffer.length === CHUNK_BUFFER_SIZE) this.#buffers.give(buffer);
  }
}

const alloc = (size: number): Buffer<ArrayBuffer> => Buffer.allocUnsafeSlow(size);
