import type { TargetFile } from './target-file.ts';

/** One chunk to be asked for. */
export interface WantedChunk {
  readonly file: TargetFile;
  readonly chunk: number;
}

/** In which order the chunks of a fetch are asked for: those that have to come again first, then file after file. */
export class ChunkPlan {
  readonly #files: readonly TargetFile[];
  readonly #again: WantedChunk[] = [];
  #file = 0;
  #chunk = 0;

  constructor(files: readonly TargetFile[]) {
    this.#files = files;
  }

  /** Null when nothing is left to ask for now; what is under way may still come back. */
  next(): WantedChunk | null {
    const again = this.#again.shift();
    if (again) return again;
    for (;;) {
      const file = this.#files[this.#file];
      if (file === undefined) return null;
      while (this.#chunk < file.chunks && !file.wanted.has(this.#chunk)) this.#chunk++;
      if (this.#chunk < file.chunks) return { file, chunk: this.#chunk++ };
      this.#file++;
      this.#chunk = 0;
    }
  }

  /** Asked for, but not had. */
  putBack(wanted: WantedChunk): void {
    this.#again.push(wanted);
  }
}
