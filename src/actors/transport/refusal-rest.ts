import type { Clock } from '../../supervisor/contract/clock.ts';
import type { RefusalPace } from './refusal-pace.ts';

/** When one session is not read from because too much was refused in its neighbourhood, and it was refused itself. */
export class RefusalRest {
  readonly #pace: RefusalPace;
  readonly #neighbourhood: string;
  readonly #clock: Clock;
  readonly #over: () => void;
  #until = 0;
  #disarm: (() => void) | null = null;

  /** `over` hears the end of a rest. */
  constructor(pace: RefusalPace, neighbourhood: string, clock: Clock, over: () => void) {
    this.#pace = pace;
    this.#neighbourhood = neighbourhood;
    this.#clock = clock;
    this.#over = over;
  }

  get resting(): boolean {
    return this.#disarm !== null;
  }

  /** A request with so many octets was refused. */
  refused(octets: number): void {
    this.#refused(this.#neighbourhood, octets);
  }

  /** What a request with so many octets asked for is not here. */
  lacked(octets: number): void {
    this.#refused(null, octets);
  }

  /** No end is told any more. */
  close(): void {
    this.#disarm?.();
  }

  #refused(neighbourhood: string | null, octets: number): void {
    const now = this.#clock.now();
    const restMs = this.#pace.refused(neighbourhood, octets, now);
    if (restMs === 0) return;
    // A short rest for what is not here ends no long one.
    this.#until = Math.max(this.#until, now + restMs);
    if (!this.resting) this.#arm();
  }

  #arm(): void {
    this.#disarm = this.#clock.after(this.#until - this.#clock.now(), () => {
      this.#disarm = null;
      // What else came in the same piece has made it longer.
      if (this.#until > this.#clock.now()) this.#arm();
      else this.#over();
    });
  }
}
