import type { Clock } from '../../supervisor/contract/clock.ts';
import type { FetchEvent } from './contract.ts';
import { WrittenRanges } from './written-ranges.ts';

/** Progress is told at most this often: a message to another thread, and what is done there, cost as much as the hashes of five chunks. */
const TELL_EVERY_MS = 100;

/**
 * Events of a fetch on their way to whoever pulls them. Chunks are told as ranges: whoever is slow to pull has fewer and
 * longer ones waiting, never more than the fetch has chunks.
 */
export class FetchEvents {
  readonly #clock: Clock;
  readonly #files: { index: number; contentId: string | null }[] = [];
  readonly #corrupt: { index: number; chunk: number }[] = [];
  #asked: 'no' | 'yes' | 'told' = 'no';
  #chunks = 0;
  #bytes = 0;
  readonly #written = new WrittenRanges();
  #toldAt: number;
  #end: { error: Error | null } | null = null;
  /** There is something to tell that should not wait. */
  #due = false;
  #wake: (() => void) | null = null;
  #disarm: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#toldAt = clock.now();
  }

  chunk(file: number, chunk: number, bytes: number): void {
    this.#written.add(file, chunk);
    this.#chunks++;
    this.#bytes += bytes;
    if (this.#disarm !== null) return;
    const due = this.#toldAt + TELL_EVERY_MS - this.#clock.now();
    this.#disarm = this.#clock.after(Math.max(0, due), () => this.#tell());
  }

  /** Told with the progress: files that end in one interval wait for each other. */
  file(index: number, contentId: string | null): void {
    this.#files.push({ index, contentId });
  }

  asked(): void {
    if (this.#asked !== 'no') return;
    this.#asked = 'yes';
    this.#tell();
  }

  corrupt(index: number, chunk: number): void {
    this.#corrupt.push({ index, chunk });
    this.#tell();
  }

  end(error: Error | null): void {
    this.#end ??= { error };
    this.#tell();
  }

  /** Every event until the end; throws the error it ended with. */
  async *drain(): AsyncGenerator<FetchEvent, void, undefined> {
    try {
      for (;;) {
        this.#due = false;
        // Looked at before the rest is taken: what comes while the consumer works is taken in the next round.
        const end = this.#end;
        yield* this.#take();
        if (end?.error) throw end.error;
        if (end) return;
        if (this.#due) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    } finally {
      this.#disarm?.();
    }
  }

  #tell(): void {
    this.#due = true;
    this.#wake?.();
  }

  *#take(): Generator<FetchEvent> {
    this.#disarm?.();
    this.#disarm = null;
    this.#toldAt = this.#clock.now();
    for (const file of this.#files.splice(0)) yield { kind: 'file', ...file };
    if (this.#asked === 'yes') {
      this.#asked = 'told';
      yield { kind: 'asked' };
    }
    if (this.#chunks > 0) {
      const event = {
        kind: 'progress',
        chunks: this.#chunks,
        bytes: this.#bytes,
        written: this.#written.take(),
      } as const;
      this.#chunks = 0;
      this.#bytes = 0;
      yield event;
    }
    for (const { index, chunk } of this.#corrupt.splice(0)) yield { kind: 'corrupt', index, chunk };
  }
}
