import { CHUNK_SIZE } from '../../protocol/objects/chunks.ts';
import { CHUNK_PREAMBLE_MAX } from '../../protocol/wire/chunk-data.ts';

/**
 * Where a chunk's data lies in a buffer that is sent. On some processors reads to the first octets of a page-aligned
 * allocation run at a fifth of the speed; from 64 octets on they do not. 128 leave room for any preamble too.
 */
export const DATA_OFFSET = 128;

/** Room for any CHUNK_DATA frame, to be received from octet 0 or sent with its data at DATA_OFFSET. */
export const CHUNK_BUFFER_SIZE = Math.max(DATA_OFFSET, CHUNK_PREAMBLE_MAX) + CHUNK_SIZE;

/** Free buffers kept: 17 MiB a shard. A fresh one costs seven times a recycled one. */
const KEPT = 64;

/** Recycled buffers of one shard, each big enough for a CHUNK_DATA frame. */
export class ChunkBuffers {
  readonly #free: Buffer<ArrayBuffer>[] = [];
  readonly #made: () => void;
  #kept = KEPT;

  /** `made` hears of each buffer that is not a recycled one. */
  constructor(made: () => void = () => {}) {
    this.#made = made;
  }

  take(): Buffer<ArrayBuffer> {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    this.#made();
    return Buffer.allocUnsafeSlow(CHUNK_BUFFER_SIZE);
  }

  /** Nobody may touch the buffer afterwards. */
  give(buffer: Buffer<ArrayBuffer>): void {
    if (this.#free.length < this.#kept) this.#free.push(buffer);
  }

  /** The process is short of memory, or no longer: until then none is kept. */
  tighten(tight: boolean): void {
    this.#kept = tight ? 0 : KEPT;
    if (tight) this.#free.length = 0;
  }
}
