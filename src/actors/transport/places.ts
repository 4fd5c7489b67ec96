/**
 * The places for requests under way on one session, shared fairly by all who want some: whoever waited longest comes
 * first, and takes one place at a time. Those who wait are granted a quarter of the places together: requests of one
 * turn leave in one write, and a write of its own for each costs both ends more than the rest of a request.
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

  /** So many from now on. Those beyond that are taken stay so until they are given back. */
  resize(limit: number): void {
    this.#limit = limit;
  }

  give(): void {
    this.#used--;
    // Whoever was granted a place may give it back at once: the loop below is then running already.
    if (this.#granting || this.#limit - this.#used < Math.max(1, this.#limit >> 2)) return;
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
