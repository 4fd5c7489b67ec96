import { CHUNK_SIZE } from '../../protocol/objects/chunks.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { Budget } from './free-chunks.ts';

/** What one fetch asks for: little at first, for a quick start; then enough that opening the next one does not matter. */
const FIRST_BYTES = 4 << 20;
const MIN_BYTES = 1 << 20;
const MAX_BYTES = 64 << 20;
const FIRST_FILES = 16;
const MAX_FILES = 256;
/** A batch should take about so long, so that a slow provider does not hold many chunks. */
const SHORT_MS = 1_000;
const LONG_MS = 4_000;

/** How much to ask one provider for in one go: it learns from how long the last batches took. */
export class BatchSize {
  readonly #clock: Clock;
  #bytes = FIRST_BYTES;
  #files = FIRST_FILES;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** With `left` chunks to come and so many providers, towards the end each gets less, and all end together. */
  budget(left: number, providers: number): Budget {
    const fair = providers < 2 ? MAX_BYTES : (left * CHUNK_SIZE) / (2 * providers);
    return { bytes: Math.max(MIN_BYTES, Math.min(this.#bytes, fair)), files: this.#files };
  }

  /** A batch begins; call what is returned when all of it came. */
  begins(): () => void {
    const began = this.#clock.now();
    return () => {
      const ms = this.#clock.now() - began;
      if (ms > LONG_MS) this.#bytes = Math.max(MIN_BYTES, this.#bytes / 2);
      if (ms >= SHORT_MS) return;
      this.#bytes = Math.min(MAX_BYTES, this.#bytes * 2);
      this.#files = Math.min(MAX_FILES, this.#files * 2);
    };
  }
}
