/** More runs through one file at once are no runs to a disk any more. */
const MAX_RUNS = 32;
/** How far a run that was just noticed is read ahead of, and one that goes on: as Linux does it, but further. */
const FIRST_BYTES = 512 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
/** Of one shard: libuv's pool has four threads, and whoever waits for a chunk comes first. */
const MOST_AT_ONCE = 2;

export interface Range {
  readonly position: number;
  readonly length: number;
}

/** Somebody who goes through the file in order. */
interface Run {
  next: number;
  /** The octets before it are near. */
  ahead: number;
  window: number;
}

/**
 * Notices who goes through a file in order, and says what should be brought into memory before it is asked for. The system
 * does the same for one reader of a descriptor; here many peers read from one, each from another place, and a spinning
 * disk would seek for each chunk of each.
 */
export class ReadAhead {
  /** The one that read last at the end. */
  readonly #runs: Run[] = [];

  /** Somebody reads there. Null: nothing has to be brought near. Else at most 4 MiB behind it. */
  reads(position: number, length: number, size: number): Range | null {
    const next = position + length;
    const at = this.#runs.findIndex((each) => each.next === position);
    if (at < 0) {
      if (this.#runs.length >= MAX_RUNS) this.#runs.shift();
      this.#runs.push({ next, ahead: next, window: FIRST_BYTES });
      return null;
    }
    const [run] = this.#runs.splice(at, 1) as [Run];
    this.#runs.push(run);
    run.next = next;
    if (run.ahead - next > run.window / 2) return null;
    const from = Math.max(run.ahead, next);
    const to = Math.min(size, next + run.window);
    run.window = Math.min(2 * run.window, MOST_BYTES);
    run.ahead = Math.max(from, to);
    return to > from ? { position: from, length: to - from } : null;
  }
}

/** Where a shard reads what it only wants to have near: nobody looks at the octets. */
export class Scratch {
  #buffer: Buffer<ArrayBuffer> | null = null;
  #taken = 0;

  /** Null: as much is being read as may be. */
  take(): Buffer<ArrayBuffer> | null {
    if (this.#taken >= MOST_AT_ONCE) return null;
    this.#taken++;
    this.#buffer ??= Buffer.allocUnsafeSlow(MOST_BYTES);
    return this.#buffer;
  }

  give(): void {
    this.#taken--;
  }
}
