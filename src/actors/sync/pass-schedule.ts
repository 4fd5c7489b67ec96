import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { SyncContext } from './context.ts';
import type { Syncer } from './syncer.ts';

/** After a start, until the first pass of its own: the other actors come up, and a restart loop hits no peer. */
const FIRST_PASS_MS = 1_000;
/** Node's timers cannot wait longer than 2^31 ms, and fire at once instead. */
const LONGEST_TIMER_MS = 86_400_000;

/** Passes that nobody asked for, one interval from the end of each to the beginning of the next. */
export class PassSchedule {
  readonly #context: SyncContext;
  readonly #syncer: Syncer;
  /** 0: none. */
  #intervalMs: number;
  #changed = new AbortController();
  #ended = false;

  constructor(context: SyncContext, syncer: Syncer) {
    this.#context = context;
    this.#syncer = syncer;
    this.#intervalMs = context.config.intervalSeconds * 1000;
  }

  /** Counts from the end of the last pass. One that is under way ends without its pauses: they were those of before. */
  set intervalSeconds(seconds: number) {
    if (seconds * 1000 === this.#intervalMs) return;
    this.#intervalMs = seconds * 1000;
    this.#syncer.hurry();
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  /** No pass begins after this. */
  end(): void {
    this.#ended = true;
  }

  /** Until the actor stops. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.#context;
    await this.#wait(clock.now(), FIRST_PASS_MS);
    while (!this.#ended) {
      try {
        await this.#syncer.allDue(this.#intervalMs);
      } catch (error) {
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        log.warn({ code: error.code, reason: error.message }, 'no sync pass this time');
      }
      await this.#wait(clock.now(), Number.POSITIVE_INFINITY);
    }
  }

  /** An interval, as it is by then, from a moment on; or less. */
  async #wait(from: number, atMostMs: number): Promise<void> {
    const { clock, signal } = this.#context;
    for (;;) {
      const either = AbortSignal.any([signal, this.#changed.signal]);
      const ms = from + Math.min(atMostMs, this.#intervalMs) - clock.now();
      if (this.#intervalMs === 0) await aborted(either);
      else if (ms <= 0) return;
      else await sleep(clock, Math.min(ms, LONGEST_TIMER_MS), either).catch(() => {});
      signal.throwIfAborted();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
