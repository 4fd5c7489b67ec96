import type { DownloadFile } from './download-file.ts';

/** What one fetch asks for: little at first, for a quick start; then enough that opening the next one does not matter. */
const FIRST_FILES = 16;
const MAX_FILES = 256;
const MAX_BYTES = 64 << 20;

/** The files that are still to be fetched from one provider, in the portions in which they are asked for. */
export class FileBatches {
  readonly #files: readonly DownloadFile[];
  readonly #first: (readonly DownloadFile[])[] = [];
  #next = 0;
  #most = FIRST_FILES;

  constructor(files: readonly DownloadFile[]) {
    this.#files = files;
  }

  take(): readonly DownloadFile[] | null {
    const first = this.#first.pop();
    if (first !== undefined) return first;
    const from = this.#next;
    let bytes = 0;
    while (this.#next < this.#files.length && this.#next - from < this.#most && bytes < MAX_BYTES) {
      bytes += this.#files[this.#next++]!.size;
    }
    this.#most = Math.min(MAX_FILES, this.#most * 2);
    return this.#next > from ? this.#files.slice(from, this.#next) : null;
  }

  /** Files to be asked for again, before any others. */
  again(files: readonly DownloadFile[]): void {
    if (files.length > 0) this.#first.push(files);
  }

  /** Files of which one stands in the way of the others, nobody knows which: halves find it. */
  split(files: readonly DownloadFile[]): void {
    const half = Math.ceil(files.length / 2);
    this.again(files.slice(half));
    this.again(files.slice(0, half));
  }
}
