/**
 * Work that never overlaps itself: asked for while it runs, it runs once more afterwards, for all who asked meanwhile.
 * Nobody gets the result of a run that had begun before he asked.
 */
export class Coalesced<T> {
  #running: Promise<T> | null = null;
  #next: Promise<T> | null = null;

  get idle(): boolean {
    return this.#running === null && this.#next === null;
  }

  run(work: () => Promise<T>): Promise<T> {
    // A follower is asked first: between the end of one run and its start, nothing runs.
    if (this.#next !== null) return this.#next;
    if (this.#running === null) return this.#start(work);
    this.#next = this.#running.then(
      () => this.#start(work),
      () => this.#start(work),
    );
    return this.#next;
  }

  #start(work: () => Promise<T>): Promise<T> {
    this.#next = null;
    const running = work().finally(() => {
      if (this.#running === running) this.#running = null;
    });
    this.#running = running;
    return running;
  }
}
