/** Seconds over which a rate is taken, in whole slots of one second. */
const WINDOW_SECS = 5;

/** Octets a second over the last five seconds. Costs an addition; time is given by the caller. */
export class RateMeter {
  readonly #slots = new Float64Array(WINDOW_SECS);
  readonly #seconds = new Float64Array(WINDOW_SECS).fill(-1);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(amount: number, nowMs: number): void {
    this.#total += amount;
    const second = Math.floor(nowMs / 1000);
    const slot = second % WINDOW_SECS;
    if (this.#seconds[slot] !== second) {
      this.#seconds[slot] = second;
      this.#slots[slot] = 0;
    }
    this.#slots[slot]! += amount;
  }

  rate(nowMs: number): number {
    const oldest = Math.floor(nowMs / 1000) - WINDOW_SECS;
    let sum = 0;
    for (let i = 0; i < WINDOW_SECS; i++) if (this.#seconds[i]! > oldest) sum += this.#slots[i]!;
    return sum / WINDOW_SECS;
  }
}
