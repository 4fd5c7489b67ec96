/**
 * The places for requests under way on one session, shared fairly by all who want some: whoever waited longest comes
 * first, and takes one place at a time.
 */
export class Places {
  readonly #waiting: (() => void)[] = [];
  #limit: number;
  #used = 0;
  #granting = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** From now on so many; those beyond that are taken already are not taken back. */
  resize(limit: number): void {
    this.#limit = limit;
    this.#grant();
  }

  /** False: none is free, or others have waited longer. */
  take(): boolean {
    if (this.#used >= this.#limit || this.#waiting.length > 0) return false;
    this.#used++;
    return true;
  }

  /** Calls back with a place taken. The returned function takes the wish back. */
  wait(granted: () => void): () => void {
    this.#waiting.push(granted);
    return () => {
      const at = this.#waiting.indexOf(granted);
      if (at >= 0) this.#waiting.splice(at, 1);
    };
  }

  give(): void {
    this.#used--;
    this.#grant();
  }

  #grant(): void {
    // Whoever was granted a place may give it back at once: the loop below is then running already.
    if (this.#granting) return;
    this.#granting = true;
    try {
      while (this.#used < this.#limit) {
        const next = this.#waiting.shift();
        if (next === undefined) return;
        this.#used++;
        next();
      }
    } finally {
      this.#granting = false;
    }
  }
}
