import { type FSWatcher, watch as fsWatch } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Root } from '../roots.ts';

/** Of one share; more are looked through by the clock alone. */
const MAX_WATCHES = 50_000;
/** Watches made before others on this thread get their turn. */
const SLICE = 100;

export type WatchFolder = (path: string, onEvent: () => void) => Pick<FSWatcher, 'close' | 'on'>;

/**
 * A watch on each folder of a share. Node's own recursive watch makes one for each *file* on Linux, which the system has
 * too few of, and looks through the whole tree without a pause.
 */
export class FolderWatches {
  readonly #onEvent: () => void;
  readonly #watch: WatchFolder;
  readonly #watches = new Map<string, { close(): unknown }>();
  /** Why not everything is watched; null: it is. */
  limit: string | null = null;

  constructor(onEvent: () => void, watch: WatchFolder = (path, listener) => fsWatch(path, listener)) {
    this.#onEvent = onEvent;
    this.#watch = watch;
  }

  get count(): number {
    return this.#watches.size;
  }

  /** Watches what is there now, and nothing else. What happens after this is heard, within the limits of the system. */
  async refresh(roots: readonly Root[], signal: AbortSignal): Promise<void> {
    this.limit = null;
    const stale = new Set(this.#watches.keys());
    let made = 0;
    for await (const path of foldersOf(roots)) {
      signal.throwIfAborted();
      stale.delete(path);
      if (this.#watches.has(path)) continue;
      if (!this.#add(path)) break;
      if (++made % SLICE === 0) await setImmediate();
    }
    // Where the walk was broken off, it is not known what is gone.
    if (this.limit === null) for (const path of stale) this.#drop(path);
  }

  close(): void {
    for (const path of [...this.#watches.keys()]) this.#drop(path);
  }

  /** False when the system gives no more. */
  #add(path: string): boolean {
    if (this.#watches.size >= MAX_WATCHES) {
      this.limit = `more than ${MAX_WATCHES} folders`;
      return false;
    }
    try {
      const watch = this.#watch(path, () => this.#onEvent());
      // A folder that is moved away or unmounted: the next refresh looks what is there then.
      watch.on('error', () => {
        this.#drop(path);
        this.#onEvent();
      });
      this.#watches.set(path, watch);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // It went meanwhile, or may not be read: the walk tells of it.
      if (code !== 'ENOSPC' && code !== 'EMFILE' && code !== 'ENFILE') return true;
      this.limit =
        code === 'ENOSPC'
          ? 'the system has no more watches: raise fs.inotify.max_user_watches'
          : 'too many files are open';
      return false;
    }
  }

  #drop(path: string): void {
    this.#watches.get(path)?.close();
    this.#watches.delete(path);
  }
}

/** Every folder of the places, and files that are places themselves. Links are not followed. */
async function* foldersOf(roots: readonly Root[]): AsyncGenerator<string, void, undefined> {
  for (const root of roots) {
    const open = [root.path];
    for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
      yield folder;
      if (root.kind === 'file') continue;
      try {
        for await (const entry of await opendir(folder)) {
          if (entry.isDirectory()) open.push(join(folder, entry.name));
        }
      } catch {
        // It is gone, or may not be read.
      }
    }
  }
}
