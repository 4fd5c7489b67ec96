/** Items a producer may still send before the consumer has read some. */
export class CreditGate {
  #credit: number;
  #open = false;
  #wake: (() => void) | null = null;

  constructor(credit: number) {
    this.#credit = credit;
  }

  /** Takes one credit if there is one. */
  take(): boolean {
    if (this.#credit <= 0) return false;
    this.#credit--;
    return true;
  }

  /** Resolves with one credit taken, or when the gate was opened for good. One waiter at a time. */
  async wait(): Promise<void> {
    while (!this.#open && !this.take()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  add(credit: number): void {
    this.#credit += credit;
    this.#wake?.();
  }

  /** Ends all waiting: the stream is cancelled and the producer must get to see it. */
  open(): void {
    this.#open = true;
    this.#wake?.();
  }
}
