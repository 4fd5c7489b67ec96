import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure, ioFailure } from '../../errors.ts';

/** Octets that a transfer is still going to write, by the device it writes to. */
interface Promised {
  readonly device: bigint;
  readonly left: () => number;
}

/**
 * Room on the disks that downloads go to. Files get their length before their octets, so the system does not know yet
 * what is going to be used: what transfers under way still have to write counts as used here.
 */
export class FreeSpace {
  readonly #config: { readonly reserveBytes: number };
  readonly #promised = new Set<Promised>();

  /** `reserveBytes`: octets that downloads leave free on every disk. */
  constructor(config: { readonly reserveBytes: number }) {
    this.#config = config;
  }

  get #reserve(): number {
    return this.#config.reserveBytes;
  }

  /**
   * Sees to it that there is room for `left()` octets more, and counts them until what is returned is called. Throws
   * `E_NO_SPACE` when the file system the folder is on, or will be on, has no room for them.
   */
  async claim(folder: string, left: () => number): Promise<() => void> {
    const device = await deviceOf(folder);
    const promised = { device, left };
    await this.#check(folder, left(), device);
    this.#promised.add(promised);
    return () => void this.#promised.delete(promised);
  }

  /** Throws `E_NO_SPACE` when others have used so much that the reserve is touched. */
  async checkReserve(folder: string): Promise<void> {
    const free = await freeOf(folder);
    if (free === null || free >= BigInt(this.#reserve)) return;
    throw failure('E_NO_SPACE', `less than the reserve of ${this.#reserve} bytes is free`, {
      subject: folder,
      retryable: true,
    });
  }

  async #check(folder: string, needed: number, device: bigint): Promise<void> {
    const free = await freeOf(folder);
    if (free === null) return;
    let others = 0;
    for (const promised of this.#promised) if (promised.device === device) others += promised.left();
    const missing = BigInt(needed) + BigInt(others) + BigInt(this.#reserve) - free;
    if (missing <= 0n || needed === 0) return;
    const beside = [
      ...(others > 0 ? [`${others} of other downloads`] : []),
      ...(this.#reserve > 0 ? [`the reserve of ${this.#reserve}`] : []),
    ];
    const not = beside.length > 0 ? ` (beside ${beside.join(' and ')})` : '';
    throw failure('E_NO_SPACE', `the download needs ${needed} bytes, ${missing} more than are free${not}`, {
      subject: folder,
      retryable: true,
    });
  }
}

/** Null: the file system does not count. */
async function freeOf(folder: string): Promise<bigint | null> {
  const { bavail, bsize, blocks } = await nearest(folder, (place) => statfs(place, { bigint: true }));
  return blocks === 0n ? null : bavail * bsize;
}

const deviceOf = async (folder: string): Promise<bigint> =>
  (await nearest(folder, (place) => stat(place, { bigint: true }))).dev;

/** What is asked of the folder, or of the nearest one above it that is there. */
async function nearest<T>(folder: string, ask: (place: string) => Promise<T>): Promise<T> {
  for (let place = folder; ; place = dirname(place)) {
    try {
      return await ask(place);
    } catch (error) {
      const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!absent || dirname(place) === place) throw ioFailure(error, folder);
    }
  }
}
