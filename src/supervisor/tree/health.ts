import type { Clock } from '../contract/clock.ts';
import { readKernelWord } from '../memory/metrics-page.ts';
import { BEAT_MS } from '../runtime/actor-host.ts';
import { busyShare, type Child } from './child.ts';
import type { LoopTimes } from './placement.ts';

/** Three beats missed: something keeps the loop from turning. */
const STALE_MS = 3 * BEAT_MS;
/** A round that comes so late says that this process did not run, not that the others hang. */
const LATE_MS = 2 * BEAT_MS;
/** Share of the time a loop must have worked to be called busy: a thread that gets no processor is not. */
const BUSY = 0.5;

interface Pulse {
  readonly epoch: number;
  beat: number;
  at: number;
  loop: LoopTimes;
}

/**
 * Watches the heartbeat of every actor, in shared memory, beside the utilisation of its loop: fresh is healthy,
 * stale and busy is busy, and after the contract's `hungMs` hung: it is cut, and its supervisor restarts it.
 */
export class Health {
  readonly #children: () => readonly Child[];
  readonly #clock: Clock;
  readonly #rounds: readonly (() => void)[];
  readonly #pulses = new Map<Child, Pulse>();
  #due = 0;
  #disarm: (() => void) | null = null;

  /** `rounds` are called once a round as well, whether it was late or not. */
  constructor(children: () => readonly Child[], clock: Clock, rounds: readonly (() => void)[]) {
    this.#children = children;
    this.#clock = clock;
    this.#rounds = rounds;
  }

  start(): void {
    this.#due = this.#clock.now() + BEAT_MS;
    this.#disarm = this.#clock.after(BEAT_MS, () => this.#round());
  }

  close(): void {
    this.#disarm?.();
    this.#disarm = null;
  }

  #round(): void {
    const now = this.#clock.now();
    const late = now - this.#due > LATE_MS;
    for (const child of this.#children()) {
      if (child.state !== 'up') this.#pulses.delete(child);
      else if (late) this.#pulses.set(child, pulseOf(child, now));
      else this.#feel(child, now);
    }
    for (const round of this.#rounds) round();
    this.start();
  }

  #feel(child: Child, now: number): void {
    const pulse = this.#pulses.get(child);
    if (pulse?.epoch !== child.epoch || readKernelWord('heartbeat', child.metrics) !== pulse.beat) {
      this.#pulses.set(child, pulseOf(child, now));
      child.health = 'healthy';
      return;
    }
    const staleMs = now - pulse.at;
    if (staleMs < STALE_MS || busyShare(pulse.loop, child.loop()) < BUSY) return;
    child.health = 'busy';
    if (staleMs >= child.spec.contract.hungMs) child.terminate('hung');
  }
}

const pulseOf = (child: Child, now: number): Pulse => ({
  epoch: child.epoch,
  beat: readKernelWord('heartbeat', child.metrics),
  at: now,
  loop: child.loop(),
});
