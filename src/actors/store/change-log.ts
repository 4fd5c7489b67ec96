import { toHex } from '../../protocol/crypto/bytes.ts';
import type { ManifestItem } from '../../protocol/objects/manifest.ts';
import type { Hex } from '../content-types.ts';

/** Entries kept; who was away for more of them lists anew. */
const MAX_ENTRIES = 20_000;
/** Files of one revision that are named; of more, the share is to be listed anew. */
const MAX_FILES = 1_000;

/** `share`: its row, or it came or went; `list`: too much of its files to be named; `file`: one of its files. */
export type Change =
  | { readonly kind: 'share'; readonly shareId: Hex }
  | { readonly kind: 'list'; readonly shareId: Hex }
  | { readonly kind: 'file'; readonly shareId: Hex; readonly path: string; readonly contentId: Hex | null };

interface Entry {
  readonly number: number;
  readonly key: string;
  readonly change: Change;
}

export interface ChangesSince {
  /** What is asked with the next time. */
  readonly revision: string;
  /** Nothing is known of that revision: everything is to be listed anew. */
  readonly reset: boolean;
  readonly changes: readonly Change[];
  /** There is more behind this revision. */
  readonly more: boolean;
}

/** A file of a share, as far as a change of it is seen. */
export interface ListedFile {
  readonly path: string;
  readonly contentId: Uint8Array;
}

/**
 * What changed in the lists of shares and of their files, in order, each thing once with its last change. In memory: a
 * revision of an earlier life of the store is not known, and whoever asks with it lists anew.
 */
export class ChangeLog {
  readonly #life: string;
  #entries: Entry[] = [];
  /** Numbers of the last change of each thing. */
  readonly #last = new Map<string, number>();
  #number = 0;
  /** The last change that is forgotten. */
  #forgotten = 0;

  /** `life`: text without a dot that no earlier life had. */
  constructor(life: string) {
    this.#life = life;
  }

  get revision(): string {
    return this.#revisionAt(this.#number);
  }

  note(...changes: readonly Change[]): void {
    for (const change of changes) {
      const key = keyOf(change);
      this.#entries.push({ number: ++this.#number, key, change });
      this.#last.set(key, this.#number);
    }
    if (this.#entries.length > 2 * MAX_ENTRIES) this.#compact();
  }

  /** The files of a share, or of a volume of it, became others. Null: it had none. */
  noteFiles(shareId: Hex, before: readonly ListedFile[] | null, after: readonly ManifestItem[]): void {
    const changed = before === null ? null : differences(shareId, before, after);
    this.note({ kind: 'share', shareId });
    if (changed === null || changed.length > MAX_FILES) this.note({ kind: 'list', shareId });
    else this.note(...changed);
  }

  /** Null: from now on. */
  since(revision: string | null, max: number): ChangesSince {
    const from = revision === null ? null : this.#numberOf(revision);
    if (from === null) return { revision: this.revision, reset: true, changes: [], more: false };
    const changes: Change[] = [];
    let at = this.#firstAfter(from);
    for (; at < this.#entries.length && changes.length < max; at++) {
      const { number, key, change } = this.#entries[at]!;
      if (this.#last.get(key) === number) changes.push(change);
    }
    const more = at < this.#entries.length;
    const reached = more ? this.#entries[at - 1]!.number : this.#number;
    return { revision: this.#revisionAt(reached), reset: false, changes, more };
  }

  #revisionAt(number: number): string {
    return `${this.#life}.${number}`;
  }

  /** Null when nothing is known of it. */
  #numberOf(revision: string): number | null {
    const [life, text = ''] = revision.split('.');
    const number = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    const known = life === this.#life && number >= this.#forgotten && number <= this.#number;
    return known ? number : null;
  }

  #firstAfter(number: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.number <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    const current = this.#entries.filter(({ key, number }) => this.#last.get(key) === number);
    const dropped = current.splice(0, Math.max(0, current.length - MAX_ENTRIES));
    for (const { key, number } of dropped) {
      this.#last.delete(key);
      this.#forgotten = number;
    }
    this.#entries = current;
  }
}

function keyOf(change: Change): string {
  return change.kind === 'file'
    ? `file ${change.shareId} ${change.path}`
    : `${change.kind} ${change.shareId}`;
}

function differences(shareId: Hex, before: readonly ListedFile[], after: readonly ManifestItem[]): Change[] {
  const was = new Map(before.map(({ path, contentId }) => [path, toHex(contentId)]));
  const changes: Change[] = [];
  for (const { path, name, contentId } of after) {
    const place = path ?? name;
    const id = toHex(contentId);
    if (was.get(place) !== id) changes.push({ kind: 'file', shareId, path: place, contentId: id });
    was.delete(place);
  }
  for (const path of was.keys()) changes.push({ kind: 'file', shareId, path, contentId: null });
  return changes;
}
