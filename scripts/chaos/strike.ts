import type { Random } from '../../src/supervisor/testing/random.ts';
import type { Served } from './checks/served.ts';
import type { Ground } from './ground.ts';
import type { Subject } from './subject.ts';
import { sleep } from './wait.ts';

/** One kill, as the table and a failure tell of it. */
export interface KillRecord {
  readonly kill: number;
  readonly phase: string;
  victim: string;
  /** What the phase was at. */
  moment: string;
  /** Milliseconds into the phase. */
  ms: number;
  /** What was under way had not ended. */
  midst: boolean;
  /** Seconds from the next start to ready. */
  ready: number | null;
  /** Bytes that had to be hashed or fetched again. */
  again: number | null;
}

export interface Costs {
  readonly served: Served;
}

/** What a phase has to work with for one kill. */
export class Scene {
  readonly ground: Ground;
  readonly random: Random;
  readonly record: KillRecord;
  readonly costs: Costs;
  /** Settles when the harness gives up on the phase. */
  readonly signal: AbortSignal;
  #from = performance.now();

  constructor(ground: Ground, random: Random, record: KillRecord, costs: Costs, signal: AbortSignal) {
    this.ground = ground;
    this.random = random;
    this.record = record;
    this.costs = costs;
    this.signal = signal;
  }

  /** From here on the milliseconds count. */
  begins(victim: Subject, moment: string): void {
    this.record.victim = victim.name;
    this.record.moment = moment;
    this.#from = performance.now();
  }

  /** kill -9 after so many milliseconds; `work` is what it shall cut off. */
  async strike(victim: Subject, afterMs: number, work: Promise<unknown>): Promise<void> {
    let ended = false;
    const settled = () => {
      ended = true;
    };
    work.then(settled, settled);
    await sleep(afterMs, undefined, { signal: this.signal });
    this.record.midst = !ended;
    this.record.ms = Math.round(performance.now() - this.#from);
    await victim.kill();
  }

  /** The start after it; everything known has to be there. */
  async revive(victim: Subject): Promise<void> {
    this.record.ready = await this.ground.revive(victim);
  }
}

export interface Phase {
  readonly name: string;
  /** Cuts one operation off with a kill, goes on, and holds what is there against what has to be. Throws a `Violation`. */
  run(scene: Scene): Promise<void>;
}
