import type { ActorModule, Log } from '../contract/actor.ts';
import type { Clock } from '../contract/clock.ts';
import type { Contract } from '../contract/contract.ts';
import { ActorHost } from '../runtime/actor-host.ts';
import type { ActorBirth, ControlMessage, ControlReport } from '../runtime/control.ts';
import type { Life, LifeEnd, LifeEvents, LoopTimes } from '../tree/placement.ts';
import type { PortHolder, VirtualPort } from './virtual-port.ts';
import type { World } from './world.ts';

const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * One life of an actor on the thread of the test: the real host and the real behaviour, with a clock, ports and
 * control messages of the world. It hangs and dies as a thread does: at once, whatever its code was about to do.
 */
export class VirtualLife implements Life, PortHolder {
  readonly name: string;
  readonly epoch: number;
  readonly threadId: number;
  state: 'running' | 'hung' | 'dead' = 'running';
  /** Timers that were left when it stopped in order: a behaviour that does not clean up. */
  leftTimers = 0;
  readonly #world: World;
  readonly #events: LifeEvents;
  readonly #host: ActorHost;
  readonly #timers = new Set<() => void>();
  readonly #ports = new Set<VirtualPort>();
  readonly #stashed: (() => void)[] = [];
  readonly #ended: (life: VirtualLife) => void;
  #orderly = false;
  #hungAt = 0;
  #inAt = 0;
  #outAt = 0;

  constructor(
    world: World,
    birth: ActorBirth,
    made: { module: ActorModule; contracts: Readonly<Record<string, Contract>>; threadId: number },
    events: LifeEvents,
    ended: (life: VirtualLife) => void,
  ) {
    this.#world = world;
    this.#events = events;
    this.#ended = ended;
    this.name = birth.id;
    this.epoch = birth.epoch;
    this.threadId = made.threadId;
    // A thread takes a while to load its modules; messages wait for it meanwhile.
    this.#inAt = world.now() + world.random.between(1, 40);
    this.#host = new ActorHost(made.module, birth, {
      clock: this.#clock(),
      log: QUIET,
      contracts: made.contracts,
      report: (report) => {
        if (report.type === 'stopped') this.#orderly = true;
        this.#report(structuredClone(report));
      },
      die: () => {
        this.#end({ code: 0, outOfMemory: false, error: null });
      },
    });
  }

  send(message: ControlMessage): void {
    if ('port' in message) {
      const port = message.port as VirtualPort;
      if (this.state === 'dead') return port.close();
      port.holder = this;
      this.#ports.add(port);
    }
    this.#inAt = Math.max(this.#inAt, this.#world.now() + this.#world.random.between(0, 1));
    const take = () => {
      this.#world.note(
        () => `${this.name} <- supervisor: ${message.type}${'to' in message ? ` ${message.to}` : ''}`,
      );
      void this.#host.control(message);
    };
    this.#world.schedule(this.#inAt, 0, () => this.#alive(take));
  }

  /** A bug outside of any handler. */
  crash(error: Error): void {
    this.#alive(() => this.#host.crash(error));
  }

  /** The end of the thread without a word. */
  exit(end: Partial<LifeEnd>): void {
    this.#end({ code: 1, outOfMemory: false, error: null, ...end });
  }

  terminate(): void {
    this.exit({});
  }

  /** The loop stops turning. Only a cut ends it. */
  hang(): void {
    if (this.state === 'dead') return;
    this.#world.note(() => `${this.name} hangs`);
    this.state = 'hung';
    this.#hungAt = this.#world.now();
  }

  /** After a sleep of the machine: this thread comes round later than others, and what waits for it waits on. */
  doze(ms: number): void {
    if (this.state !== 'running') return;
    this.state = 'hung';
    this.#hungAt = Number.POSITIVE_INFINITY;
    this.#world.schedule(this.#world.now() + ms, 0.5, () => {
      if (this.state !== 'hung' || this.#hungAt !== Number.POSITIVE_INFINITY) return;
      this.state = 'running';
      for (const run of this.#stashed.splice(0)) {
        this.#world.schedule(this.#world.now(), -1, () => this.#alive(run));
      }
    });
  }

  stash(run: () => void): void {
    this.#stashed.push(run);
  }

  loop(): LoopTimes {
    const now = this.#world.now();
    return this.state === 'hung' && now >= this.#hungAt
      ? { idle: this.#hungAt, active: now - this.#hungAt }
      : { idle: now, active: 0 };
  }

  memory(): Promise<number> {
    return Promise.resolve(0);
  }

  #alive(run: () => void): void {
    if (this.state === 'running') run();
    else if (this.state === 'hung') this.stash(run);
  }

  #report(report: ControlReport): void {
    this.#toSupervisor(() => this.#events.report(report));
  }

  #toSupervisor(run: () => void): void {
    this.#outAt = Math.max(this.#outAt, this.#world.now() + this.#world.random.between(0, 2));
    this.#world.schedule(this.#outAt, 0.5, run);
  }

  #end(end: LifeEnd): void {
    if (this.state === 'dead') return;
    this.#world.note(() => `${this.name} ends with code ${end.code}`);
    this.state = 'dead';
    this.#stashed.length = 0;
    for (const port of this.#ports) port.close();
    this.#toSupervisor(() => {
      // What the abort of its signal set going has unwound by now.
      if (this.#orderly) this.leftTimers = this.#timers.size;
      for (const cancel of this.#timers) cancel();
      this.#timers.clear();
      this.#ended(this);
      this.#events.exited(end);
    });
  }

  /** The world's time; its timers die with this life. */
  #clock(): Clock {
    const world = this.#world;
    return {
      now: () => world.now(),
      wall: () => world.wall(),
      after: (ms, callback) => {
        if (this.state === 'dead') return () => {};
        let wanted = true;
        const cancel = world.after(ms, () => {
          // One that fell due while the thread hung can still be taken back before it comes to it.
          this.#alive(() => {
            this.#timers.delete(cancel);
            if (wanted) callback();
          });
        });
        this.#timers.add(cancel);
        return () => {
          wanted = false;
          this.#timers.delete(cancel);
          cancel();
        };
      },
    };
  }
}
