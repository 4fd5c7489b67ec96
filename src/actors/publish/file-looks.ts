import { type BigIntStats, lstatSync } from 'node:fs';
import { lstat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { DiskPace } from '../disk-pace.ts';
import { eachBounded } from '../each-bounded.ts';

/** A look from the system's memory takes 4 us; what takes so long was on a disk. */
const SLOW_MS = 1;
/** How long it is believed where a folder lies, and of how many at most. */
const BELIEVED_MS = 10_000;
const MAX_FOLDERS = 1_000;
/** Looks at once. */
const AT_ONCE = 64;

/**
 * File systems on disks of this machine and in its memory, by the numbers of statfs(2) on Linux: ext, xfs, btrfs, tmpfs,
 * zfs, f2fs, bcachefs. A server that is gone cannot stop a look there for ever.
 */
const LOCAL = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x2fc12fc1, 0xf2f52010, 0xca451a4e]);

/**
 * How files look on the disk now. By way of the pool a page of fifty costs as much as all else it takes, so those on a
 * local file system are looked at in place while the disk answers from memory. Anywhere else a look may never end: it is
 * the pool's. Where a folder lies is asked by way of the pool too, along the same path.
 */
export class FileLooks {
  readonly #clock: Clock;
  readonly #kindOf: (folder: string) => Promise<number>;
  readonly #pace = new DiskPace(SLOW_MS);
  readonly #folders = new Map<string, { readonly local: boolean; readonly until: number }>();

  /** `kindOf`: the number of the file system that a folder is on. */
  constructor(clock: Clock, kindOf = async (folder: string) => (await statfs(folder)).type) {
    this.#clock = clock;
    this.#kindOf = kindOf;
  }

  /** One for each of the paths, links not followed; null: nothing could be seen there. */
  async at(paths: readonly string[]): Promise<(BigIntStats | null)[]> {
    const folders = [...new Set(paths.map((path) => dirname(path)))];
    const local = new Set<string>();
    await eachBounded(folders, AT_ONCE, async (folder) => {
      if (await this.#isLocal(folder)) local.add(folder);
    });
    const looks = new Array<BigIntStats | null>(paths.length).fill(null);
    await eachBounded(paths, AT_ONCE, async (path, i) => {
      looks[i] = await this.#look(path, local.has(dirname(path)));
    });
    return looks;
  }

  #look(path: string, local: boolean): BigIntStats | null | Promise<BigIntStats | null> {
    const now = () => this.#clock.now();
    if (!local || this.#pace.usePool(now())) return lstat(path, { bigint: true }).catch(() => null);
    return this.#pace.inPlace(now, () => {
      try {
        return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
      } catch {
        return null;
      }
    });
  }

  async #isLocal(folder: string): Promise<boolean> {
    const now = this.#clock.now();
    const known = this.#folders.get(folder);
    if (known !== undefined && now < known.until) return known.local;
    const kind = process.platform === 'linux' ? await this.#kindOf(folder).catch(() => null) : null;
    const local = kind !== null && LOCAL.has(kind);
    if (this.#folders.size >= MAX_FOLDERS) this.#folders.clear();
    this.#folders.set(folder, { local, until: now + BELIEVED_MS });
    return local;
  }
}
