import { lstat } from 'node:fs/promises';
import type { HeldFile } from '../../../../src/actors/content-types.ts';
import type {
  FileVerdict,
  HeldEntry,
  RecheckPlace,
  StoredRecheck,
  WrongFile,
} from '../../../../src/actors/recheck-types.ts';
import type { ShareRoot } from '../../../../src/actors/share-types.ts';
import { failure } from '../../../../src/errors.ts';
import { blake3 } from '../../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../../src/protocol/crypto/bytes.ts';
import { chunkCount } from '../../../../src/protocol/objects/chunks.ts';
import { hashesOf } from '../scripted-provider.ts';

/** The store's part in rechecks, in memory: outlives the lives of the actor. */
export class RecheckLedger {
  /** In the order in which they are looked at. */
  entries: HeldEntry[] = [];
  readonly rechecks = new Map<string | null, StoredRecheck>();
  readonly wrong = new Map<string | null, Map<string, WrongFile>>();
  readonly verdicts: FileVerdict[] = [];
  readonly forgotten: string[] = [];
  readonly published = new Set<string>();
  roots: ShareRoot[] = [];
  onLists: (lists: readonly object[]) => void = () => {};
  /** Before anything is noted; may throw. */
  beforeNote: (recheck: StoredRecheck) => void | Promise<void> = () => {};
  readonly #answers: Record<string, (request: never) => unknown> = {
    ownShares: () => [{ shareId: 'own', roots: this.roots }],
    putHashLists: (lists: readonly object[]) => {
      this.onLists(lists);
      return null;
    },
    heldTotals: ({ shareId }: { shareId: string | null }) => {
      if (shareId === 'unknown') throw failure('E_NOT_FOUND', 'no such share');
      const sum = (count: (entry: HeldEntry) => number) =>
        this.entries.reduce((all, each) => all + count(each), 0);
      return {
        items: this.entries.length,
        chunks: sum((each) => each.chunkCount),
        bytes: sum((each) => each.size),
      };
    },
    heldEntries: ({ after, limit }: { after: RecheckPlace | null; limit: number }) => {
      const place = this.entries.findIndex((each) => each.path === after?.path && each.place === after.place);
      const entries = this.entries.slice(place + 1, place + 1 + Math.min(limit, 3));
      const last = entries.at(-1);
      return { entries, next: last === undefined ? null : { place: last.place, path: last.path } };
    },
    holderOf: ({ path }: { path: string }) => ({
      published: this.published.has(path),
      contentId: this.entries.find((each) => each.path === path && each.place === null)?.contentId ?? null,
    }),
    judgeFiles: (verdicts: readonly FileVerdict[]) => {
      this.verdicts.push(...verdicts);
      return null;
    },
    forgetHeld: (files: readonly { path: string }[]) => {
      this.forgotten.push(...files.map(({ path }) => path));
      return null;
    },
    rechecks: () => [...this.rechecks.values()],
    noteRecheck: async (note: { recheck: StoredRecheck; wrong: readonly WrongFile[]; anew: boolean }) => {
      await this.beforeNote(note.recheck);
      const { shareId } = note.recheck;
      this.rechecks.set(shareId, note.recheck);
      if (note.anew) this.wrong.delete(shareId);
      const files = this.wrong.get(shareId) ?? new Map<string, WrongFile>();
      for (const file of note.wrong) files.set(file.path, file);
      this.wrong.set(shareId, files);
      return null;
    },
    wrongFiles: ({ shareId, after }: { shareId: string | null; after: { path: string } | null }) => {
      const files = [...(this.wrong.get(shareId)?.values() ?? [])];
      return files.slice(after === null ? 0 : files.findIndex(({ path }) => path === after.path) + 1);
    },
    dropRecheck: ({ shareId }: { shareId: string | null }) => {
      this.rechecks.delete(shareId);
      this.wrong.delete(shareId);
      return null;
    },
  };

  knows(name: string): boolean {
    return Object.hasOwn(this.#answers, name);
  }

  async answer(name: string, request: never): Promise<unknown> {
    return await this.#answers[name]!(request);
  }

  /** A file that lies there, and what it was when it was published or came. */
  async hold(path: string, bytes: Uint8Array, change: Partial<HeldEntry> = {}): Promise<HeldEntry> {
    const look = await lstat(path, { bigint: true }).catch(() => null);
    const entry: HeldEntry = {
      ...{ path, contentId: toHex(blake3(bytes)), size: bytes.length, place: null, shareId: null },
      ...{ mtimeNs: look?.mtimeNs ?? 0n, ctimeNs: look?.ctimeNs ?? 0n, inode: look?.ino ?? 0n },
      ...{ chunkCount: chunkCount(bytes.length), chunkListHash: toHex(blake3(hashesOf(bytes))) },
      ...{ epoch: 1, gone: false, damaged: false, adopted: false, ...change },
    };
    this.entries.push(entry);
    return entry;
  }

  /** As the store does. */
  held({ contentId, path }: HeldFile): void {
    const place = this.entries.findIndex((each) => each.path === path && each.contentId === contentId);
    if (place >= 0) this.entries[place] = { ...this.entries[place]!, gone: false };
  }
}
