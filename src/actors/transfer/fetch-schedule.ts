import { CHUNK_SIZE, chunkLength } from '../../protocol/objects/chunks.ts';
import { ChunkMap } from '../chunk-map.ts';
import {
  type Budget,
  type FetchOrder,
  type FileState,
  FreeChunks,
  type Portion,
  type ScheduledFile,
} from './free-chunks.ts';

/** What one provider is asked for in one go. */
export interface Batch {
  readonly id: number;
  readonly provider: number;
  readonly portions: readonly Portion[];
}

/** What came of chunks that a provider brought. */
export interface Arrival {
  /** Octets that were not there before. */
  readonly bytes: number;
  /** The file has all of its chunks since just now. */
  readonly whole: boolean;
  /** Batches that may still write to the file that is whole: some of its chunks were asked of two. */
  readonly writing: readonly number[];
  /** Other batches that have nothing left to bring. */
  readonly obsolete: readonly number[];
}

interface BatchState extends Batch {
  readonly byFile: ReadonlyMap<number, ChunkMap>;
  /** Chunks of it that nobody brought yet. */
  missing: number;
}

/**
 * Who is asked for which chunks. Every chunk that is missing is either free or in a batch; a batch that ends without it
 * makes it free again. Files are given out in their order, big ones in parts. A provider that finds nothing free, and
 * has nothing under way itself, is given half of what another one still has to bring, so that a slow provider cannot
 * hold up the end: the later half, or the earlier one where somebody reads what comes. A chunk is in two batches at most,
 * and counts once.
 *
 * A step machine: it waits for nothing and knows no time but the one it is told.
 */
export class FetchSchedule {
  readonly #free: FreeChunks;
  readonly #files: readonly FileState[];
  readonly #order: () => FetchOrder;
  /** For each provider the files it is not asked for, and until when. */
  readonly #refused = new Map<number, Map<number, number>>();
  readonly #batches = new Map<number, BatchState>();
  #nextProvider = 0;
  #nextBatch = 0;
  #left = 0;

  constructor(files: readonly ScheduledFile[], order: () => FetchOrder) {
    this.#order = order;
    this.#free = new FreeChunks(files, order);
    this.#files = this.#free.files;
    for (const { free } of this.#files) this.#left += free;
  }

  /** Chunks that are to come. */
  get left(): number {
    return this.#left;
  }

  join(): number {
    const provider = this.#nextProvider++;
    this.#refused.set(provider, new Map());
    return provider;
  }

  /** What it was to bring is free again. */
  leave(provider: number): void {
    for (const batch of [...this.#batches.values()]) if (batch.provider === provider) this.ended(batch.id);
    this.#refused.delete(provider);
    this.#free.forget(provider);
  }

  /** Something for this provider to bring; null: nothing for it at the moment. */
  take(provider: number, budget: Budget, now: number): Batch | null {
    const refused = this.#refused.get(provider);
    if (refused === undefined) return null;
    const isRefused = (file: number) => (refused.get(file) ?? Number.NEGATIVE_INFINITY) > now;
    // Those that take part are kept in the order in which they came.
    const first = this.#refused.keys().next().value === provider;
    const portions = this.#free.take(provider, first, isRefused, budget);
    if (portions.length === 0) portions.push(...this.#takeFromOther(provider, isRefused, budget));
    if (portions.length === 0) return null;
    const missing = portions.reduce((sum, { wanted }) => sum + wanted.count, 0);
    const byFile = new Map(portions.map(({ file, wanted }) => [file, wanted]));
    const batch = { id: this.#nextBatch++, provider, portions, byFile, missing };
    this.#batches.set(batch.id, batch);
    return batch;
  }

  /** Chunks of a batch are verified and written. */
  written(batchId: number, file: number, first: number, count: number): Arrival {
    const state = this.#files[file]!;
    const { have, size } = state.file;
    const obsolete: number[] = [];
    let bytes = 0;
    for (let chunk = first; chunk < first + count; chunk++) {
      if (!have.add(chunk)) continue;
      bytes += chunkLength(size, chunk);
      this.#left--;
      // It came after its batch had ended: then it was free.
      if (state.out[chunk] === 0) state.free--;
      else this.#strike(file, chunk, batchId, obsolete);
      state.out[chunk] = 0;
    }
    const whole = bytes > 0 && have.full;
    return { bytes, whole, writing: whole && state.doubled ? this.#holding(file) : [], obsolete };
  }

  /** It brings nothing more. What it did not bring is free, where no other batch has it. */
  ended(batchId: number): void {
    const batch = this.#batches.get(batchId);
    if (batch === undefined) return;
    this.#batches.delete(batchId);
    for (const { file, wanted } of batch.portions) {
      const state = this.#files[file]!;
      for (let chunk = 0; chunk < wanted.chunks; chunk++) {
        if (!wanted.has(chunk) || state.file.have.has(chunk)) continue;
        state.out[chunk]!--;
        if (state.out[chunk] === 0) this.#free.free(file, chunk);
      }
    }
  }

  /** The provider is not asked for that file before `until`. */
  refuse(provider: number, file: number, until: number): void {
    const refused = this.#refused.get(provider);
    refused?.set(file, Math.max(until, refused.get(file) ?? 0));
  }

  /** When the next refusal of this provider ends; null: none does. */
  refusedUntil(provider: number, now: number): number | null {
    const refusals = [...(this.#refused.get(provider)?.values() ?? [])];
    const times = refusals.filter((until) => until > now && Number.isFinite(until));
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Chunks of the file turned out to be wrong: what its map lacks now has to come again. No batch has any of it. */
  again(file: number): void {
    const state = this.#files[file]!;
    for (let chunk = 0; chunk < state.file.chunks; chunk++) {
      if (state.file.have.has(chunk)) continue;
      this.#left++;
      this.#free.free(file, chunk);
    }
  }

  #holding(file: number): number[] {
    return [...this.#batches.values()].filter(({ byFile }) => byFile.has(file)).map(({ id }) => id);
  }

  /** A chunk that came leaves every batch that has it. */
  #strike(file: number, chunk: number, by: number, obsolete: number[]): void {
    for (const batch of this.#batches.values()) {
      if (!batch.byFile.get(file)?.has(chunk)) continue;
      batch.missing--;
      if (batch.missing === 0 && batch.id !== by) obsolete.push(batch.id);
    }
  }

  #takeFromOther(provider: number, refused: (file: number) => boolean, budget: Budget): Portion[] {
    const batches = [...this.#batches.values()];
    if (batches.some((batch) => batch.provider === provider)) return [];
    for (const batch of batches) {
      const chunks: { file: number; chunk: number }[] = [];
      for (const { file, wanted } of batch.portions) {
        const state = this.#files[file]!;
        if (refused(file)) continue;
        for (let chunk = 0; chunk < wanted.chunks; chunk++) {
          const only = wanted.has(chunk) && !state.file.have.has(chunk) && state.out[chunk] === 1;
          if (only) chunks.push({ file, chunk });
        }
      }
      if (chunks.length === 0) continue;
      const most = Math.max(1, Math.floor(budget.bytes / CHUNK_SIZE));
      const half = Math.min(Math.ceil(chunks.length / 2), most);
      return this.#double(this.#order().kind === 'sequential' ? chunks.slice(0, half) : chunks.slice(-half));
    }
    return [];
  }

  #double(chunks: readonly { file: number; chunk: number }[]): Portion[] {
    const byFile = new Map<number, ChunkMap>();
    for (const { file, chunk } of chunks) {
      const state = this.#files[file]!;
      const wanted = byFile.get(file) ?? ChunkMap.none(state.file.chunks);
      byFile.set(file, wanted);
      wanted.add(chunk);
      state.doubled = true;
      state.out[chunk]!++;
    }
    return [...byFile].map(([file, wanted]) => ({ file, wanted }));
  }
}
