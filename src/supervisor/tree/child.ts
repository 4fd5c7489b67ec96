import type { ErrorRecord } from '../contract/actor-error.ts';
import type { ActorState, DeathCause } from '../contract/tree-status.ts';
import type { SlabShare } from '../memory/life-slab.ts';
import { clearMailbox, metricsMemory } from '../memory/metrics-page.ts';
import type { SlabKeeper } from '../memory/slab-keeper.ts';
import type { LogLevel } from '../observe/log-level.ts';
import type { ControlMessage, ControlReport, UseSpec } from '../runtime/control.ts';
import type { Life, LifeEnd, LoopTimes, Placement } from './placement.ts';
import type { ChildSpec } from './tree-spec.ts';

/** Why an actor is cut from outside. */
export type CutReason = 'start-timeout' | 'hung' | 'memory' | 'shutdown';

export interface Death {
  /** The actor that died, also where it took a supervisor with it. */
  readonly actor: string;
  readonly cause: DeathCause;
  readonly error: ErrorRecord | null;
  /** It ended in order, by its own will. */
  readonly orderly: boolean;
}

export interface SpawnOptions {
  readonly placement: Placement;
  readonly uses: readonly UseSpec[];
  readonly contracts: URL;
  readonly logLevel: LogLevel;
  readonly slab: SlabKeeper;
}

export interface ChildEvents {
  report(report: ControlReport): void;
  exited(death: Death): void;
}

/** One place in the tree: an actor, or one member of a group, over all its lives. */
export class Child {
  readonly spec: ChildSpec;
  readonly name: string;
  readonly member: number;
  /** Unique in the tree: `store`, `transport/0`. */
  readonly id: string;
  readonly metrics: SharedArrayBuffer;
  state: ActorState = 'idle';
  health: 'healthy' | 'busy' = 'healthy';
  epoch = 0;
  restarts = 0;
  /** Of the life that is or was last. */
  slab!: SlabShare;
  #life: Life | null = null;
  /** The life loads, and its turn is to come. */
  #prepared = false;
  #events: ChildEvents | null = null;
  #lastError: ErrorRecord | null = null;
  #cut: CutReason | null = null;
  #orderly = false;
  #seen: LoopTimes = { idle: 0, active: 0 };

  constructor(spec: ChildSpec, member: number) {
    this.spec = spec;
    this.name = spec.contract.name;
    this.member = member;
    this.id = spec.members === undefined ? this.name : `${this.name}/${member}`;
    this.metrics = metricsMemory(spec.contract.metrics);
  }

  /** Lets the first life load before its turn. Nothing of it is told; `spawn` takes it over if it still lives. */
  prepare(options: SpawnOptions): void {
    if (this.epoch > 0) return;
    this.#begin(options);
    this.#prepared = true;
  }

  /** Begins a life. Control messages may be sent from here on; `start` is one of them. */
  spawn(options: SpawnOptions, events: ChildEvents): void {
    this.#events = events;
    this.state = 'starting';
    this.health = 'healthy';
    // A life that was given up may still be there: only one that was prepared is taken over.
    if (!this.#prepared) this.#begin(options);
    this.#prepared = false;
  }

  /** Ends a life that was prepared and never had its turn. */
  discard(): void {
    if (this.#prepared) this.#life?.terminate();
  }

  #begin(options: SpawnOptions): void {
    this.epoch++;
    this.#lastError = null;
    this.#cut = null;
    this.#orderly = false;
    this.#seen = { idle: 0, active: 0 };
    clearMailbox(this.metrics);
    const slab = options.slab.begin();
    this.slab = slab;
    this.#life = options.placement.spawn(
      {
        module: this.spec.module.href,
        worker: this.spec.worker?.href ?? null,
        contracts: options.contracts.href,
        id: this.id,
        name: this.name,
        member: this.member,
        epoch: this.epoch,
        config: this.spec.config,
        uses: options.uses,
        metrics: this.metrics,
        slab,
        logLevel: options.logLevel,
      },
      this.spec.contract.resourceLimits,
      {
        report: (report) => {
          if (report.type === 'crashed' || report.type === 'failed') this.#lastError = report.error;
          if (report.type === 'stopped') this.#orderly = true;
          this.#events?.report(report);
        },
        exited: (end) => {
          options.slab.end(slab);
          // Of a life that was given up, and replaced before its thread ended at last.
          if (this.slab !== slab) return;
          this.#life = null;
          this.#prepared = false;
          const events = this.#events;
          this.#events = null;
          events?.exited(this.#death(end));
        },
      },
    );
  }

  send(message: ControlMessage): void {
    this.#life?.send(message);
  }

  /** Cuts this life. The first reason counts. */
  terminate(reason: CutReason): void {
    this.#cut ??= reason;
    this.#life?.terminate();
  }

  get threadId(): number | null {
    return this.#life?.threadId ?? null;
  }

  loop(): LoopTimes {
    return this.#life?.loop() ?? { idle: 0, active: 0 };
  }

  memory(): Promise<number> {
    return this.#life?.memory() ?? Promise.resolve(0);
  }

  /** Share of the time since the last call that the loop was busy, 0..1. */
  utilisation(): number {
    const now = this.loop();
    const share = busyShare(this.#seen, now);
    this.#seen = now;
    return share;
  }

  #death(end: LifeEnd): Death {
    const error = this.#lastError ?? end.error;
    const cut = this.#cut === 'shutdown' ? null : this.#cut;
    const cause = end.outOfMemory ? 'memory' : (cut ?? (error ? 'crash' : 'exit'));
    return {
      actor: this.id,
      cause,
      error,
      orderly: cause === 'exit' && (this.#orderly || end.code === 0),
    };
  }
}

/** Share of the time between two readings that a loop worked, 0..1. */
export function busyShare(from: LoopTimes, to: LoopTimes): number {
  const active = to.active - from.active;
  const whole = active + to.idle - from.idle;
  return whole > 0 ? active / whole : 0;
}
