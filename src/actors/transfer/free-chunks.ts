import { CHUNK_SIZE, chunkLength } from '../../protocol/objects/chunks.ts';
import { ChunkMap } from '../chunk-map.ts';

/** A file to be fetched. `have` is kept up to date by the schedule. */
export interface ScheduledFile {
  readonly size: number;
  readonly chunks: number;
  have: ChunkMap;
}

/** Chunks of one file, by its place in the schedule. */
export interface Portion {
  readonly file: number;
  readonly wanted: ChunkMap;
}

/** How much one take may bring. */
export interface Budget {
  readonly bytes: number;
  readonly files: number;
}

/** In which order chunks are given out; files always come in their order. */
export type FetchOrder =
  /**
   * The first provider goes through a file from its beginning, so that its id is known at its end without reading it
   * again; each that comes later begins at a place of its own, which follows from the seed.
   */
  | { readonly kind: 'spread'; readonly seed: number }
  /** Nothing further than so many octets behind the first chunk that is missing: for whoever reads while it comes. */
  | { readonly kind: 'sequential'; readonly windowBytes: number };

export interface FileState {
  readonly file: ScheduledFile;
  /** In how many batches each chunk is. */
  readonly out: Uint8Array;
  /** Chunks that are neither here nor in a batch. */
  free: number;
  /** No chunk before it is free. */
  from: number;
  /** No chunk before it is missing. */
  front: number;
  /** Some chunk of it was in two batches at once. */
  doubled: boolean;
}

/** With fewer free chunks (16 MiB) two providers are through before they meet: places of their own would only scatter. */
const WORTH_SPREADING = 64;
/** A window is divided, so that no provider holds all of it. */
const PARTS_OF_WINDOW = 4;

/** Which chunks nobody brings yet, and who is to bring which of them. */
export class FreeChunks {
  readonly files: readonly FileState[];
  readonly #order: () => FetchOrder;
  /** Where those providers go on that began at a place of their own. */
  readonly #places = new Map<number, { readonly file: number; chunk: number }>();
  /** No file before it has a free chunk. */
  #first = 0;
  /** No file before it lacks a chunk. */
  #front = 0;

  /** `order` is asked anew each time: it may change on the way. */
  constructor(files: readonly ScheduledFile[], order: () => FetchOrder) {
    this.#order = order;
    this.files = files.map((file) => ({
      file,
      out: new Uint8Array(file.chunks),
      free: file.chunks - file.have.count,
      from: 0,
      front: 0,
      doubled: false,
    }));
  }

  /** A chunk that is missing is in no batch any more. */
  free(file: number, chunk: number): void {
    const state = this.files[file]!;
    state.free++;
    state.from = Math.min(state.from, chunk);
    state.front = Math.min(state.front, chunk);
    this.#first = Math.min(this.#first, file);
    this.#front = Math.min(this.#front, file);
  }

  forget(provider: number): void {
    this.#places.delete(provider);
  }

  /**
   * Free chunks for a provider, now in one batch; files that are `refused` are passed over. `first`: of those that take
   * part it is the one that came first.
   */
  take(provider: number, first: boolean, refused: (file: number) => boolean, budget: Budget): Portion[] {
    const order = this.#order();
    if (order.kind === 'sequential') return this.#takeInWindow(refused, budget, order.windowBytes);
    return this.#takeSpread((file) => this.#placeOf(provider, first, file, order.seed), refused, budget);
  }

  #takeSpread(
    placeOf: (file: number) => { chunk: number } | null,
    refused: (file: number) => boolean,
    budget: Budget,
  ): Portion[] {
    const portions: Portion[] = [];
    while (this.files[this.#first]?.free === 0) this.#first++;
    let bytes = 0;
    for (let file = this.#first; file < this.files.length; file++) {
      if (bytes >= budget.bytes || portions.length >= budget.files) break;
      const state = this.files[file]!;
      if (state.free === 0 || refused(file)) continue;
      const wanted = ChunkMap.none(state.file.chunks);
      const place = placeOf(file);
      if (place !== null) {
        const run = takeRun(state, wanted, place.chunk, state.file.chunks, budget.bytes - bytes);
        place.chunk = run.next;
        bytes += run.bytes;
      }
      // From the beginning, and where the end of the file is reached, from there again.
      if (bytes < budget.bytes && state.free > 0) {
        const run = takeRun(state, wanted, state.from, state.file.chunks, budget.bytes - bytes);
        state.from = run.next;
        bytes += run.bytes;
      }
      portions.push({ file, wanted });
    }
    return portions;
  }

  #takeInWindow(refused: (file: number) => boolean, budget: Budget, windowBytes: number): Portion[] {
    const portions: Portion[] = [];
    while (this.files[this.#front]?.file.have.full) this.#front++;
    const most = Math.min(budget.bytes, Math.max(CHUNK_SIZE, windowBytes / PARTS_OF_WINDOW));
    let left = windowBytes;
    let bytes = 0;
    for (let file = this.#front; file < this.files.length && left > 0; file++) {
      if (bytes >= most || portions.length >= budget.files) break;
      const state = this.files[file]!;
      const { have, chunks, size } = state.file;
      const begin = file === this.#front ? frontOf(state) : 0;
      const end = Math.min(chunks, begin + Math.ceil(left / CHUNK_SIZE));
      left -= size - begin * CHUNK_SIZE;
      if (state.free === 0 || have.full || refused(file)) continue;
      const wanted = ChunkMap.none(chunks);
      const run = takeRun(state, wanted, Math.max(begin, state.from), end, most - bytes);
      state.from = run.next;
      bytes += run.bytes;
      if (wanted.count > 0) portions.push({ file, wanted });
    }
    return portions;
  }

  /** Where the provider goes on in that file; null: at its beginning, with those that have no place of their own. */
  #placeOf(provider: number, first: boolean, file: number, seed: number): { chunk: number } | null {
    const known = this.#places.get(provider);
    if (known?.file === file) return known;
    const { chunks } = this.files[file]!.file;
    if (first || this.files[file]!.free < WORTH_SPREADING) return null;
    const place = { file, chunk: Math.floor(chanceOf(seed, provider, file) * chunks) };
    this.#places.set(provider, place);
    return place;
  }
}

/** Takes what is free between two chunks, until there is enough of it. `next`: where it stopped looking. */
function takeRun(
  state: FileState,
  wanted: ChunkMap,
  from: number,
  end: number,
  most: number,
): { next: number; bytes: number } {
  const { have, size } = state.file;
  let bytes = 0;
  let chunk = from;
  for (; chunk < end && bytes < most && state.free > 0; chunk++) {
    if (have.has(chunk) || state.out[chunk] !== 0) continue;
    wanted.add(chunk);
    state.out[chunk] = 1;
    state.free--;
    bytes += chunkLength(size, chunk);
  }
  return { next: chunk, bytes };
}

function frontOf(state: FileState): number {
  while (state.file.have.has(state.front)) state.front++;
  return state.front;
}

/** A number in [0, 1) that looks random and always is the same (the finalizer of MurmurHash3). */
function chanceOf(seed: number, provider: number, file: number): number {
  let bits = seed ^ Math.imul(provider, 0x9e3779b1) ^ Math.imul(file + 1, 0x85ebca77);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}
