import { failure } from '../../errors.ts';
import { cutName } from './cut-name.ts';

/** Names tried beside one that is taken. */
const MAX_ALTERNATIVES = 10_000;

/**
 * The places of the files of one download, no two of them the same on any file system: names that differ only in case
 * or in the form of their accents count as one. Folders that are one to the disk are one folder, spelled as it came
 * first; a file whose name is taken, by a file or by a folder, gets a number: `cover (2).jpg`. Depends on the order of
 * the paths alone.
 */
export class DistinctPlaces {
  readonly #folders = new Map<string, readonly string[]>();
  readonly #taken = new Set<string>();
  readonly #lastNumber = new Map<string, number>();

  /** Folders first: what is a folder to one file cannot be a file. */
  addFolders(path: readonly string[]): void {
    this.#folder(path.slice(0, -1));
  }

  /** The place of a file; `addFolders` has seen every path. */
  place(path: readonly string[]): readonly string[] {
    const name = path.at(-1)!;
    return this.#claim([...this.#folder(path.slice(0, -1)).parts, name]) ?? this.another(path);
  }

  /** A place that a file has been given before. */
  take(place: readonly string[]): void {
    this.#claim(place);
  }

  /** The next place for a file whose own turned out to be taken. Throws `E_PATH_INVALID` when there is no end to it. */
  another(path: readonly string[]): readonly string[] {
    const { key, parts } = this.#folder(path.slice(0, -1));
    const name = path.at(-1)!;
    const base = `${key}/${fold(name)}`;
    for (let number = (this.#lastNumber.get(base) ?? 1) + 1; number <= MAX_ALTERNATIVES; number++) {
      this.#lastNumber.set(base, number);
      const place = this.#claim([...parts, cutName(name, ` (${number})`)]);
      if (place !== null) return place;
    }
    throw failure('E_PATH_INVALID', 'too many files of this name', {
      subject: path.join('/'),
      next: 'name another folder with -o',
    });
  }

  #claim(path: readonly string[]): readonly string[] | null {
    const { key } = this.#folder(path.slice(0, -1));
    const own = `${key}/${fold(path.at(-1)!)}`;
    if (this.#taken.has(own)) return null;
    this.#taken.add(own);
    return path;
  }

  #folder(path: readonly string[]): { key: string; parts: readonly string[] } {
    let key = '';
    let parts: readonly string[] = [];
    for (const part of path) {
      key += `/${fold(part)}`;
      const known = this.#folders.get(key);
      parts = known ?? [...parts, part];
      if (known !== undefined) continue;
      this.#folders.set(key, parts);
      this.#taken.add(key);
    }
    return { key, parts };
  }
}

/** Equal for names that some file system takes for one: without case, canonically decomposed. */
function fold(name: string): string {
  for (let i = 0; i < name.length; i++) {
    if (name.charCodeAt(i) > 0x7e) return name.normalize('NFD').toUpperCase().toLowerCase().normalize('NFD');
  }
  return name.toLowerCase();
}
