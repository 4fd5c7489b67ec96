import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { DiskPace } from '../disk-pace.ts';

/** A read that takes longer was no read from memory. */
const SLOW_READ_MS = 1;
/** Longer files are read on the pool, wherever they are: this thread has others to answer. */
const SMALL_OCTETS = 64 * 1024;

/**
 * Reads whole files: small ones in place while the disk answers from memory, which takes a tenth of the four trips to the
 * thread pool that it is otherwise.
 */
export class SmallFiles {
  readonly #now: () => number;
  readonly #pace = new DiskPace(SLOW_READ_MS);

  constructor(clock: Pick<Clock, 'now'>) {
    this.#now = () => clock.now();
  }

  /** `octets`: how long it should be. */
  async read(path: string, octets: number): Promise<Uint8Array> {
    const pool = octets > SMALL_OCTETS || this.#pace.usePool(this.#now());
    return new Uint8Array(
      pool ? await readFile(path) : this.#pace.inPlace(this.#now, () => readFileSync(path)),
    );
  }
}
