import { MessageChannel } from 'node:worker_threads';
import type { Handlers, Log } from '../contract/actor.ts';
import { ActorError, type ErrorRecord, fromErrorRecord, toErrorRecord } from '../contract/actor-error.ts';
import { type Clock, sleep, systemClock } from '../contract/clock.ts';
import type { Contract, Messages } from '../contract/contract.ts';
import type { Ref } from '../contract/ref.ts';
import { portLink } from '../link/port-link.ts';
import { readMetrics } from '../memory/metrics-page.ts';
import type { LogLevel } from '../observe/log.ts';
import { Caller } from '../runtime/caller.ts';
import type { ControlReport, UseSpec } from '../runtime/control.ts';
import { Deadlines } from '../runtime/deadlines.ts';
import { LinkServer } from '../runtime/link-server.ts';
import { Turns } from '../runtime/turns.ts';
import { RestartBudget } from './backoff.ts';
import { Child, type Death } from './child.ts';
import type { TreeSpec } from './tree-spec.ts';

export interface ActorStatus {
  readonly name: string;
  readonly thread: number | null;
  readonly state: string;
  readonly restarts: number;
  readonly mailbox: number;
  readonly utilisation: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface StopReport {
  readonly clean: boolean;
  /** Actors that had to be cut. */
  readonly cut: readonly string[];
  readonly seconds: number;
}

export interface SupervisorEvents {
  actorRestarted(event: { actor: string; cause: string; error: ErrorRecord | null }): void;
  /** The restart budget is exceeded: the tree is stopping for good. */
  gaveUp(event: { actor: string; error: ErrorRecord | null }): void;
}

/** What the main thread itself answers: a contract others may name in `uses`, and its handlers. */
export interface MainService {
  readonly contract: Contract;
  readonly handlers: Handlers<Messages>;
}

/** Ties handlers to their contract, so that the compiler checks the one against the other. */
export function mainService<M extends Messages>(
  contract: Contract<string, M>,
  handlers: Handlers<M>,
): MainService {
  return { contract: contract as unknown as Contract, handlers: handlers as unknown as Handlers<Messages> };
}

/** How long a quiesce may take before the stop goes on without it. */
const QUIESCE_MS = 2_000;

/**
 * Starts the children left to right, links them, restarts the dead (`one_for_one`), and stops them right to
 * left. Lives on the main thread and does nothing else there.
 */
export class Supervisor {
  readonly #spec: TreeSpec;
  readonly #children: Child[];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #logLevel: LogLevel;
  readonly #events: SupervisorEvents;
  readonly #budget: RestartBudget;
  readonly #deadlines: Deadlines;
  readonly #service: MainService;
  readonly #serving = new Map<string, LinkServer>();
  readonly #refs = new Map<string, Caller>();
  readonly #awaiting = new Map<Child, { started(): void; failed(error: Error): void }>();
  readonly #exits = new Map<Child, () => void>();
  readonly #quiesced = new Map<Child, () => void>();
  readonly #stopping = new AbortController();
  #stop: Promise<StopReport> | null = null;
  #began = false;

  constructor(
    spec: TreeSpec,
    options: { log: Log; logLevel: LogLevel; events: SupervisorEvents; service: MainService; clock?: Clock },
  ) {
    this.#spec = spec;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log;
    this.#logLevel = options.logLevel;
    this.#events = options.events;
    this.#service = options.service;
    this.#budget = new RestartBudget(spec.intensity, spec.periodMs, this.#clock);
    this.#deadlines = new Deadlines(this.#clock);
    this.#children = spec.children.flatMap((child) =>
      Array.from({ length: child.members ?? 1 }, (_, member) => new Child(child, member)),
    );
  }

  /**
   * Starts every child in order. A child that fails to start stops the ones already up and rejects with its
   * error: a node either starts whole or says why not.
   */
  async start(): Promise<void> {
    this.#began = true;
    for (const child of this.#children) {
      if (this.#stopping.signal.aborted) throw this.#stopping.signal.reason;
      try {
        await this.#startChild(child);
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
  }

  /** A ref for the main thread. Bound while the target is up, as any other ref. */
  ref<M extends Messages>(contract: Contract<string, M>, member = 0): Ref<M> {
    const key = `${contract.name}/${member}`;
    const known = this.#refs.get(key);
    if (known) return known as unknown as Ref<M>;
    const caller = new Caller(contract as unknown as Contract, this.#deadlines);
    this.#refs.set(key, caller);
    const child = this.#find(contract.name, member);
    if (child?.state === 'up') this.#bindMain(child, caller);
    return caller as unknown as Ref<M>;
  }

  status(): ActorStatus[] {
    return this.#children.map((child) => {
      const { mailbox, ...metrics } = readMetrics(child.spec.contract.metrics, child.metrics);
      return {
        name: child.id,
        thread: child.threadId,
        state: child.state,
        restarts: child.restarts,
        mailbox: mailbox ?? 0,
        utilisation: child.utilisation(),
        metrics,
      };
    });
  }

  /** Quiesce, then stop right to left, each within its contract's time, then cut what is left. */
  stop(): Promise<StopReport> {
    this.#stop ??= this.#stopAll();
    return this.#stop;
  }

  /** The second SIGINT: no more waiting. */
  cut(): void {
    for (const child of this.#children) child.terminate('shutdown');
  }

  async #startChild(child: Child): Promise<void> {
    const started = new Promise<void>((resolve, reject) => {
      this.#awaiting.set(child, { started: resolve, failed: reject });
    });
    child.spawn(
      { uses: this.#uses(child), contracts: this.#spec.contracts, logLevel: this.#logLevel },
      { report: (report) => this.#reported(child, report), exited: (death) => this.#exited(child, death) },
    );
    for (const target of this.#children) {
      if (target.state === 'up' && child.spec.contract.uses.includes(target.name))
        this.#connect(child, target);
    }
    if (child.spec.contract.uses.includes(this.#service.contract.name)) this.#serveFromMain(child);
    child.send({ type: 'start' });
    const disarm = this.#deadlines.add(child.spec.contract.startMs, () => child.terminate('start-timeout'));
    try {
      await started;
    } finally {
      disarm();
      this.#awaiting.delete(child);
    }
    child.state = 'up';
    for (const user of this.#children) {
      if (user !== child && user.state === 'up' && user.spec.contract.uses.includes(child.name)) {
        this.#connect(user, child);
      }
    }
    const mainRef = this.#refs.get(`${child.name}/${child.member}`);
    if (mainRef) this.#bindMain(child, mainRef);
  }

  #reported(child: Child, report: ControlReport): void {
    if (report.type === 'started') this.#awaiting.get(child)?.started();
    else if (report.type === 'failed') this.#awaiting.get(child)?.failed(fromErrorRecord(report.error));
    else if (report.type === 'quiesced') this.#quiesced.get(child)?.();
  }

  #exited(child: Child, death: Death): void {
    const was = child.state;
    child.state = 'down';
    this.#sever(child);
    this.#exits.get(child)?.();
    const waiting = this.#awaiting.get(child);
    if (waiting) {
      const cause = death.error ? fromErrorRecord(death.error) : undefined;
      waiting.failed(cause ?? new ActorError('E_START_FAILED', `${child.id} did not start (${death.cause})`));
      return;
    }
    if (was === 'up' && !this.#stopping.signal.aborted) void this.#restart(child, death);
  }

  async #restart(child: Child, death: Death): Promise<void> {
    for (let last = death; ; ) {
      const { exceeded, delayMs } = this.#budget.count(child.id);
      child.restarts++;
      this.#log.warn({ actor: child.id, cause: last.cause, error: last.error, delayMs }, 'actor died');
      if (exceeded) {
        this.#events.gaveUp({ actor: child.id, error: last.error });
        return;
      }
      try {
        if (delayMs > 0) await sleep(this.#clock, delayMs, this.#stopping.signal);
        if (this.#stopping.signal.aborted) return;
        await this.#startChild(child);
        this.#events.actorRestarted({ actor: child.id, cause: last.cause, error: last.error });
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        last = { cause: 'crash', error: toErrorRecord(error) };
      }
    }
  }

  async #stopAll(): Promise<StopReport> {
    const from = this.#clock.now();
    this.#stopping.abort(new ActorError('E_ABORTED', 'the node stops'));
    if (!this.#began) return { clean: true, cut: [], seconds: 0 };
    const live = this.#children.filter((child) => child.state === 'up');
    await Promise.all(live.map((child) => this.#quiesce(child)));
    const cut: string[] = [];
    for (const child of [...this.#children].reverse()) {
      if (child.state === 'idle' || child.state === 'down') continue;
      if (!(await this.#stopChild(child))) cut.push(child.id);
    }
    this.#deadlines.close();
    return { clean: cut.length === 0, cut, seconds: (this.#clock.now() - from) / 1000 };
  }

  #quiesce(child: Child): Promise<void> {
    return new Promise((resolve) => {
      const disarm = this.#deadlines.add(QUIESCE_MS, resolve);
      this.#quiesced.set(child, () => {
        disarm();
        resolve();
      });
      child.send({ type: 'quiesce' });
    });
  }

  /** True if the child ended by itself in time. */
  #stopChild(child: Child): Promise<boolean> {
    return new Promise((resolve) => {
      let clean = true;
      child.state = 'stopping';
      const disarm = this.#deadlines.add(child.spec.contract.shutdownMs, () => {
        clean = false;
        this.#log.warn({ actor: child.id }, 'actor did not stop in time and is cut');
        child.terminate('shutdown');
      });
      this.#exits.set(child, () => {
        disarm();
        resolve(clean);
      });
      child.send({ type: 'stop' });
    });
  }

  /** One channel from a user to a target, with the user's share of the target's mailbox. */
  #connect(user: Child, target: Child): void {
    const { port1, port2 } = new MessageChannel();
    const budget = this.#share(target);
    target.send({ type: 'serve', from: user.id, budget, port: port2 });
    user.send({
      type: 'bind',
      to: target.name,
      member: target.member,
      epoch: target.epoch,
      budget,
      port: port1,
    });
  }

  #bindMain(target: Child, caller: Caller): void {
    const { port1, port2 } = new MessageChannel();
    const budget = this.#share(target);
    target.send({ type: 'serve', from: 'main', budget, port: port2 });
    // A ref of the main thread must not keep the process alive on its own.
    port1.unref();
    caller.bind(portLink(port1), target.epoch, { credit: budget });
    port1.unref();
  }

  #serveFromMain(user: Child): void {
    const { port1, port2 } = new MessageChannel();
    const { contract, handlers } = this.#service;
    const users = this.#children.filter((child) => child.spec.contract.uses.includes(contract.name)).length;
    const budget = Math.max(1, Math.floor(contract.mailbox / users));
    const turns = new Turns(contract.serial);
    const server = new LinkServer(contract, handlers, portLink(port1), budget, {
      clock: this.#clock,
      crash: (error) => {
        throw error;
      },
      depth: () => {},
      turn: (work) => turns.run(work),
    });
    port1.unref();
    this.#serving.set(user.id, server);
    user.send({ type: 'bind', to: contract.name, member: 0, epoch: 1, budget, port: port2 });
  }

  /** Ends every link of a dead child: callers fail what is pending, the called cancel what they did for it. */
  #sever(dead: Child): void {
    for (const other of this.#children) {
      if (
        other === dead ||
        (other.state !== 'up' && other.state !== 'stopping' && other.state !== 'starting')
      )
        continue;
      if (other.spec.contract.uses.includes(dead.name)) {
        other.send({ type: 'down', to: dead.name, member: dead.member });
      }
      if (dead.spec.contract.uses.includes(other.name)) other.send({ type: 'drop', from: dead.id });
    }
    this.#serving.get(dead.id)?.close();
    this.#serving.delete(dead.id);
    this.#refs.get(`${dead.name}/${dead.member}`)?.down();
  }

  /** The mailbox divided over everybody who may hold a link, the main thread included: the bound is real. */
  #share(target: Child): number {
    const users = this.#children.filter((child) => child.spec.contract.uses.includes(target.name)).length;
    return Math.max(1, Math.floor(target.spec.contract.mailbox / (users + 1)));
  }

  #uses(child: Child): UseSpec[] {
    return child.spec.contract.uses.map((name) => {
      const target = this.#spec.children.find((spec) => spec.contract.name === name);
      return { name, members: target?.members ?? 1, group: target?.members !== undefined };
    });
  }

  #find(name: string, member: number): Child | undefined {
    return this.#children.find((child) => child.name === name && child.member === member);
  }
}
