import { type Blake3, createBlake3 } from '../../protocol/crypto/blake3.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';

/** Files on their way in order at one time. Of more, the one that began first has to be read again for its id. */
const MAX_FILES = 256;

/**
 * The ids of files whose chunks come from the first to the last, found while their octets are still at hand: nobody has
 * to read those files again. It lasts from one fetch to the next, because the batches of a file follow each other; with the
 * first chunk out of its turn it is over for that file.
 */
export class OrderedHashes {
  readonly #files = new Map<string, { next: number; readonly hash: Blake3 }>();

  /** A verified chunk of the file at `path`. */
  came(path: string, chunk: number, data: Uint8Array): void {
    const file = chunk === 0 ? this.#begin(path) : this.#files.get(path);
    if (file === undefined) return;
    if (file.next !== chunk) {
      this.#files.delete(path);
      return;
    }
    file.hash.update(data);
    file.next++;
  }

  /** The id of the file, in hex, once all its chunks came in order; null while they have not. It is told once. */
  take(path: string, chunks: number): string | null {
    const file = this.#files.get(path);
    if (file?.next !== chunks) return null;
    this.#files.delete(path);
    return toHex(file.hash.digest());
  }

  #begin(path: string) {
    this.#files.delete(path);
    if (this.#files.size >= MAX_FILES) this.#files.delete(this.#files.keys().next().value!);
    const file = { next: 0, hash: createBlake3() };
    this.#files.set(path, file);
    return file;
  }
}
