/** Items of one stream on the consumer's side. Bounded by the stream's window, which the producer keeps. */
export class ItemQueue {
  #items: unknown[] = [];
  #ended = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;
  #endedByProducer = false;

  push(items: readonly unknown[]): void {
    if (this.#ended) return;
    this.#items.push(...items);
    this.#wake?.();
  }

  endByProducer(error: Error | null): void {
    this.#endedByProducer = true;
    this.end(error);
  }

  /** Items already here are still handed out before a clean end; an error cuts in front of them. */
  end(error: Error | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (error) this.#items = [];
    this.#wake?.();
  }

  /** All items were handed out and the producer said that there are no more: nothing is left to cancel. */
  get drained(): boolean {
    return this.#endedByProducer && this.#error === null && this.#items.length === 0;
  }

  get length(): number {
    return this.#items.length;
  }

  /** The next item; there is one. */
  shift(): unknown {
    return this.#items.shift();
  }

  /** Resolves once there is an item, or with false after the last one; rejects with what ended the stream. */
  async more(): Promise<boolean> {
    for (;;) {
      if (this.#items.length > 0) return true;
      if (this.#error) throw this.#error;
      if (this.#ended) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }
}
