import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs';
import { ioFailure } from '../../errors.ts';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { CHUNK_HASH_LENGTH, CHUNK_SIZE, chunkCount, chunkLength } from '../../protocol/objects/chunks.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { ChunkMap } from '../chunk-map.ts';
import type { FetchFile } from './contract.ts';
import type { OrderedHashes } from './ordered-hashes.ts';

/** A file that is being fetched: what each of its chunks must hash to, and where it goes. */
export class TargetFile {
  readonly index: number;
  readonly contentId: Uint8Array;
  readonly path: string;
  readonly chunks: number;
  /** What of it is to be fetched. */
  readonly wanted: ChunkMap;
  /** Wanted chunks not verified and written yet. */
  missing: number;
  readonly #size: number;
  readonly #hashes: Uint8Array;
  readonly #ordered: OrderedHashes;
  /** Somebody cut the file short: what lies in it is not what came. */
  #cut = false;
  #fd = -1;
  #writes = 0;
  #closed = false;

  /** `file.hashes` must hold 32 octets for each chunk. */
  constructor(index: number, file: FetchFile, ordered: OrderedHashes) {
    this.index = index;
    this.contentId = Buffer.from(file.contentId, 'hex');
    this.path = file.path;
    this.chunks = chunkCount(file.size);
    const wanted = file.wanted === undefined ? null : ChunkMap.from(this.chunks, file.wanted);
    this.wanted = wanted ?? ChunkMap.all(this.chunks);
    this.missing = this.wanted.count;
    this.#size = file.size;
    this.#hashes = file.hashes;
    this.#ordered = ordered;
  }

  /** Whether these octets are that chunk. Those that are count as come. */
  verify(chunk: number, data: Uint8Array): boolean {
    if (data.length !== chunkLength(this.#size, chunk)) return false;
    const hash = blake3(data);
    const at = chunk * CHUNK_HASH_LENGTH;
    for (let i = 0; i < CHUNK_HASH_LENGTH; i++) if (hash[i] !== this.#hashes[at + i]) return false;
    // The hash of a single chunk is that of its file.
    if (this.chunks > 1) this.#ordered.came(this.path, chunk, data);
    return true;
  }

  /**
   * What the whole file hashes to, where every chunk of it came in order, and the file had its length all the while; null
   * where not. To be asked once.
   */
  takeContentId(): string | null {
    const id = this.chunks > 1 ? this.#ordered.take(this.path, this.chunks) : null;
    return this.#cut ? null : id;
  }

  /** Writes a verified chunk at once. Throws the error of the table. */
  writeNow(chunk: number, data: Uint8Array): void {
    try {
      const fd = this.#openFor(chunk);
      const start = chunk * CHUNK_SIZE;
      // A nearly full disk takes less than it was given.
      for (let done = 0; done < data.length; ) {
        done += writeSync(fd, data, done, data.length - done, start + done);
      }
    } catch (error) {
      throw ioFailure(error, this.path);
    }
  }

  /** Writes on libuv's pool: `done` hears how it went. `data` must not change until then. */
  writeOnPool(chunk: number, data: Uint8Array, done: (error: ActorError | null) => void): void {
    let fd: number;
    try {
      fd = this.#openFor(chunk);
    } catch (error) {
      done(ioFailure(error, this.path));
      return;
    }
    const start = chunk * CHUNK_SIZE;
    this.#writes++;
    const rest = (from: number) => {
      write(fd, data, from, data.length - from, start + from, (error, count) => {
        if (error === null && from + count < data.length) return rest(from + count);
        this.#writes--;
        if (this.#closed && this.#writes === 0) closeSync(fd);
        done(error === null ? null : ioFailure(error, this.path));
      });
    };
    rest(0);
  }

  /** Lets go of the file once nothing is being written to it any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#fd >= 0 && this.#writes === 0) closeSync(this.#fd);
  }

  /** The last chunk would give the file its length back: before it is written, a loss still shows. */
  #openFor(chunk: number): number {
    const fd = this.#open();
    if (chunk === this.chunks - 1 && fstatSync(fd).size !== this.#size) this.#cut = true;
    return fd;
  }

  #open(): number {
    // Without O_NONBLOCK a FIFO put in the file's place would hold the shard for ever.
    const flags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    if (this.#fd < 0) this.#fd = openSync(this.path, flags);
    return this.#fd;
  }
}
