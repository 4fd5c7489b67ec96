import type { Clock } from '../contract/clock.ts';
import { EventHeap, nothing, type WorldEvent } from './event-heap.ts';
import { Random } from './random.ts';

/** Timers stand in the middle of what falls on one instant; deliveries come before or after by the seed. */
const TIMER_RANK = 0.5;
/** Unix milliseconds at the beginning of every world. */
const WALL_START = 1_700_000_000_000;
/** Lines of trace kept: the end of the story. */
const TRACE_LINES = 120;

/**
 * Time and chance of one virtual world: everything that happens in it happens in an order that is a function of the
 * seed. Nothing waits for real time; a world of minutes runs in milliseconds.
 */
export class World implements Clock {
  readonly seed: number;
  readonly random: Random;
  readonly #events = new EventHeap();
  readonly #trace: string[] | null;
  #now = 0;
  #order = 0;
  #timers = 0;

  constructor(seed: number, options: { trace?: boolean } = {}) {
    this.seed = seed;
    this.random = new Random(seed);
    this.#trace = options.trace ? [] : null;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return WALL_START + this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const event: WorldEvent = {
      at: this.#now + Math.max(0, ms),
      rank: TIMER_RANK,
      order: this.#order++,
      run: () => {
        this.#timers--;
        event.run = nothing;
        callback();
      },
    };
    this.#timers++;
    this.#events.push(event);
    return () => {
      if (event.run === nothing) return;
      this.#timers--;
      this.#events.cancel(event);
    };
  }

  /** Timers still to come. */
  get timers(): number {
    return this.#timers;
  }

  /** Something that cannot be taken back: a message under way. */
  schedule(at: number, rank: number, run: () => void): void {
    this.#events.push({ at, rank, order: this.#order++, run });
  }

  /** The machine slept: time passed and nothing happened in it. What fell due happens now, late. */
  suspend(ms: number): void {
    this.note(() => `the machine sleeps for ${ms.toFixed(0)} ms`);
    this.#now += ms;
  }

  /** Lets things happen until the condition holds or this much time has passed; false: it never held. */
  async runUntil(condition: () => boolean, withinMs: number): Promise<boolean> {
    const end = this.#now + withinMs;
    await settled();
    while (!condition()) {
      const next = this.#events.peek();
      if (next === undefined || next.at > end) {
        this.#now = Math.max(this.#now, end);
        return condition();
      }
      this.#events.pop();
      if (next.run === nothing) continue;
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settled();
    }
    return true;
  }

  runFor(ms: number): Promise<boolean> {
    return this.runUntil(() => false, ms);
  }

  /** Writes down what happened, in a world that is being traced. */
  note(line: () => string): void {
    if (!this.#trace) return;
    this.#trace.push(`${this.#now.toFixed(3).padStart(12)}  ${line()}`);
    if (this.#trace.length > TRACE_LINES) this.#trace.shift();
  }

  get trace(): readonly string[] {
    return this.#trace ?? [];
  }
}

/** All promise callbacks and ticks of one event are done when the next turn of the real loop begins. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
