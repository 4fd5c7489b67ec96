import { CHUNK_HASH_LENGTH, CHUNK_SIZE, chunkCount } from '../../protocol/objects/chunks.ts';
import { type FileLook, type PoolTask, SPAN, spansOf } from './pool-task.ts';

const HASHES_A_SPAN = (SPAN / CHUNK_SIZE) * CHUNK_HASH_LENGTH;

/** Spans that other threads may be ahead of the whole-file hash: what they read is still in the page cache then. */
const AHEAD = 16;

/** What one task does for a file: a span of its whole-file hash, its chunks, or both. */
export interface FileStep {
  readonly task: PoolTask & { kind: 'whole' | 'chunks' };
  readonly chunks: boolean;
}

/**
 * A file of several spans. Its whole-file hash is made by one thread, span by span; that thread also hashes the chunks
 * of each span, unless another one that had nothing else to do has taken them before it came there. So many files
 * are read once each, and one file is worked on by everybody.
 */
export class LargeFile {
  readonly index: number;
  readonly path: string;
  readonly look: FileLook;
  /** Chunk hashes in order; empty when nobody wants them. */
  readonly hashes: Uint8Array;
  contentId: string | null = null;
  /** The number of the whole-file hash on its thread. */
  hash: number;
  /** The thread that makes it; null: nobody has begun. */
  owner: number | null = null;
  /** A thread died with a step of this file: it works alone from now on, and a second death is this file's fault. */
  suspect = false;
  closed = false;
  readonly #spans: number;
  readonly #wantsChunks: boolean;
  /** Spans whose step was lost with its thread. */
  readonly #again: number[] = [];
  #wholeNext = 0;
  #wholeDone = 0;
  #chunksNext = 0;
  #chunksDone = 0;

  constructor(index: number, path: string, look: FileLook, wantsChunks: boolean, hash: number) {
    this.index = index;
    this.path = path;
    this.look = look;
    this.hash = hash;
    this.#spans = spansOf(look.size);
    this.#wantsChunks = wantsChunks;
    this.hashes = new Uint8Array(wantsChunks ? chunkCount(look.size) * CHUNK_HASH_LENGTH : 0);
    if (!wantsChunks) this.#chunksNext = this.#chunksDone = this.#spans;
  }

  /** The owner's next step; null: all of the whole-file hash is under way. */
  nextWhole(): FileStep | null {
    const span = this.#wholeNext;
    if (span === this.#spans) return null;
    this.#wholeNext++;
    const chunks = this.#chunksNext === span;
    if (chunks) this.#chunksNext++;
    const { hash, path, look } = this;
    return { task: { kind: 'whole', hash, path, look, span, chunks }, chunks };
  }

  /** A step for anybody else; null: nothing to help with now. */
  nextChunks(): FileStep | null {
    const span = this.#again.shift() ?? this.#takeAhead();
    if (span === null) return null;
    return { task: { kind: 'chunks', path: this.path, look: this.look, span }, chunks: true };
  }

  #takeAhead(): number | null {
    const last = Math.min(this.#spans, this.#wholeNext + AHEAD);
    return this.#chunksNext < last ? this.#chunksNext++ : null;
  }

  took(step: FileStep, hashes: Uint8Array | null, contentId: string | null): void {
    if (hashes !== null) {
      this.hashes.set(hashes, step.task.span * HASHES_A_SPAN);
      this.#chunksDone++;
    }
    if (step.task.kind !== 'whole' || step.task.hash !== this.hash) return;
    this.#wholeDone++;
    if (contentId !== null) this.contentId = contentId;
  }

  /** The step was not done. A lost part of the whole-file hash does not concern this: see `restart`. */
  lost(step: FileStep): void {
    if (step.chunks) this.#again.push(step.task.span);
  }

  /** The whole-file hash begins anew, on whichever thread comes first, under a new number. */
  restart(hash: number): void {
    this.hash = hash;
    this.owner = null;
    this.#wholeNext = 0;
    this.#wholeDone = 0;
  }

  get complete(): boolean {
    return this.contentId !== null && this.#chunksDone === this.#spans;
  }

  /** Octets of which both hashes are made, half of those with one. */
  get octets(): number {
    const done = this.#wholeDone + (this.#wantsChunks ? this.#chunksDone : this.#wholeDone);
    return Math.floor((done / (2 * this.#spans)) * this.look.size);
  }
}
