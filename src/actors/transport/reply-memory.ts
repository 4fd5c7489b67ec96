/** Octets of replies that the sessions of a shard may hold together while their peers do not take them. */
const LIMIT = 256 * 1024 * 1024;
/** The part of it that is left while the process is short of memory. */
const LEFT_WHEN_SHORT = 1 / 8;

/** Who holds replies, and is told when there is room for one. */
export interface ReplyHolder {
  /** Must not throw. */
  room(): void;
}

/**
 * The memory that replies of all sessions take until they are sent. One session is bounded by its own rules; this bounds
 * ten thousand of them that all do not read. From half of it on each session is held short, at its end all wait, first
 * come first served, and whoever does not move is dropped early (`short`, `full`; the sessions keep these rules).
 */
export class ReplyMemory {
  readonly #most: number;
  #limit: number;
  readonly #held = new Map<ReplyHolder, number>();
  readonly #waiting = new Set<ReplyHolder>();
  #total = 0;
  #waking = false;

  constructor(limit = LIMIT) {
    this.#most = limit;
    this.#limit = limit;
  }

  /** The process is short of memory, or no longer. What is held already is held on. */
  tighten(tight: boolean): void {
    this.#limit = tight ? this.#most * LEFT_WHEN_SHORT : this.#most;
    this.#wake();
  }

  get total(): number {
    return this.#total;
  }

  get short(): boolean {
    return this.#total >= this.#limit / 2;
  }

  get full(): boolean {
    return this.#total >= this.#limit;
  }

  /** What a session holds now. */
  holds(holder: ReplyHolder, octets: number): void {
    this.#total += octets - (this.#held.get(holder) ?? 0);
    if (octets > 0) this.#held.set(holder, octets);
    else this.#held.delete(holder);
    this.#wake();
  }

  /** Calls `room` once, when there is some. */
  wait(holder: ReplyHolder): void {
    this.#waiting.add(holder);
  }

  /** The session is over. */
  leave(holder: ReplyHolder): void {
    this.#waiting.delete(holder);
    this.holds(holder, 0);
  }

  #wake(): void {
    // Those who are woken report what they hold: the loop below is then running already.
    if (this.#waking) return;
    this.#waking = true;
    try {
      for (const holder of this.#waiting) {
        if (this.full) return;
        this.#waiting.delete(holder);
        holder.room();
      }
    } finally {
      this.#waking = false;
    }
  }
}
