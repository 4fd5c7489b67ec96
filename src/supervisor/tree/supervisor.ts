import type { Log } from '../contract/actor.ts';
import { ActorError, type ErrorRecord } from '../contract/actor-error.ts';
import { type Clock, systemClock } from '../contract/clock.ts';
import type { Contract, Messages } from '../contract/contract.ts';
import type { Ref } from '../contract/ref.ts';
import type { SlabStatus } from '../contract/slab.ts';
import type { BranchStatus } from '../contract/tree-status.ts';
import { readKernelWord, readMetrics } from '../memory/metrics-page.ts';
import { SlabKeeper } from '../memory/slab-keeper.ts';
import { createLog } from '../observe/log.ts';
import type { LogLevel } from '../observe/log-level.ts';
import { Deadlines } from '../runtime/deadlines.ts';
import { type BuiltTree, buildTree } from './build-tree.ts';
import type { Child } from './child.ts';
import { Health } from './health.ts';
import { MainService, type MainServiceSpec, NO_SERVICE } from './main-service.ts';
import { type MemoryLimits, MemoryWatch } from './memory-watch.ts';
import { Mesh } from './mesh.ts';
import type { Placement } from './placement.ts';
import type { ShardGroup } from './shard-group.ts';
import type { TreeRuntime } from './tree-runtime.ts';
import { actorsIn, type TreeSpec } from './tree-spec.ts';
import { workerPlacement } from './worker-placement.ts';

export { type MainServiceSpec, mainService } from './main-service.ts';

/** One actor as it is now, read without waking it. */
export interface ActorStatus {
  readonly name: string;
  readonly thread: number | null;
  readonly state: string;
  readonly restarts: number;
  readonly mailbox: number;
  readonly utilisation: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** How the stop went. */
export interface StopReport {
  readonly clean: boolean;
  /** Actors that had to be cut. */
  readonly cut: readonly string[];
  readonly seconds: number;
}

/** What a supervisor tells whoever runs it. Listeners are called on the main thread. */
export interface SupervisorEvents {
  /** An actor lives again: it died of this cause, or was restarted `with` another. */
  actorRestarted(event: { actor: string; cause: string; error: ErrorRecord | null }): void;
  /** The root's restart budget is exceeded: the tree is stopping for good. */
  gaveUp(event: { actor: string; error: ErrorRecord | null }): void;
}

/** What a tree runs with; everything has a default. */
export interface SupervisorOptions {
  /** Default: NDJSON on standard error from this level on. */
  readonly log?: Log;
  /** Default `info`. */
  readonly logLevel?: LogLevel;
  readonly events?: Partial<SupervisorEvents>;
  /** What the main thread answers; default: nothing. */
  readonly service?: MainServiceSpec;
  /** Absent: memory is not watched. */
  readonly memory?: MemoryLimits;
  readonly clock?: Clock;
  /** Default: worker threads. */
  readonly placement?: Placement;
  readonly random?: () => number;
}

/** How long actors may take to finish what runs before they are stopped. */
const DRAIN_MS = 1_000;

/**
 * A whole tree: starts it, links it, watches it, restarts what dies, stops it. Lives on the main thread and does
 * nothing else there.
 */
export class Supervisor {
  readonly #clock: Clock;
  readonly #events: Partial<SupervisorEvents>;
  readonly #deadlines: Deadlines;
  readonly #mesh: Mesh;
  readonly #slab: SlabKeeper;
  readonly #runtime: TreeRuntime;
  readonly #tree: BuiltTree;
  readonly #health: Health;
  readonly #stopping = new AbortController();
  readonly #cut = new Set<string>();
  #stop: Promise<StopReport> | null = null;
  #began = false;

  constructor(spec: TreeSpec, options: SupervisorOptions = {}) {
    const logLevel = options.logLevel ?? 'info';
    const log = options.log ?? createLog(logLevel, { actor: 'supervisor' });
    this.#clock = options.clock ?? systemClock;
    this.#events = options.events ?? {};
    this.#deadlines = new Deadlines(this.#clock);
    const placement = options.placement ?? workerPlacement;
    const service = new MainService(options.service ?? NO_SERVICE, this.#clock);
    this.#mesh = new Mesh(actorsIn(spec.children), placement, this.#deadlines, service);
    this.#slab = new SlabKeeper(spec.slab);
    const runtime: TreeRuntime = {
      placement,
      contracts: spec.contracts,
      logLevel,
      log,
      clock: this.#clock,
      random: options.random ?? Math.random,
      deadlines: this.#deadlines,
      mesh: this.#mesh,
      slab: this.#slab,
      onUp: (child) => memory?.greet(child),
      onCut: ({ id }) => void (this.#stopping.signal.aborted && this.#cut.add(id)),
      onRestarted: ({ id }, { actor, cause, error }) =>
        this.#events.actorRestarted?.(
          id === actor ? { actor, cause, error } : { actor: id, cause: `with ${actor}`, error: null },
        ),
    };
    this.#runtime = runtime;
    this.#tree = buildTree(spec, runtime, ({ actor, error }) => {
      this.#events.gaveUp?.({ actor, error });
      void this.stop();
    });
    const children = () => this.#children;
    this.#mesh.populate(children);
    const memory = options.memory && new MemoryWatch(children, options.memory, log, () => this.#clock.now());
    const rounds = [() => this.#mesh.mend(), ...(memory ? [memory.look] : [])];
    this.#health = new Health(children, this.#clock, rounds);
  }

  /**
   * Starts every child in order. A child that fails to start stops the ones already up and rejects with its
   * error: a node either starts whole or says why not.
   */
  async start(): Promise<void> {
    if (this.#stopping.signal.aborted) throw this.#stopping.signal.reason;
    this.#began = true;
    this.#health.start();
    const { placement, contracts, logLevel, slab } = this.#runtime;
    if (placement.ahead) {
      for (const child of this.#children) {
        child.prepare({ placement, contracts, logLevel, slab, uses: this.#mesh.usesOf(child) });
      }
    }
    try {
      await this.#tree.root.start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** A ref for the main thread. Bound while the target is up, as any other ref. */
  ref<M extends Messages>(contract: Contract<string, M>, member = 0): Ref<M> {
    return this.#mesh.mainRef(contract, member);
  }

  /** Numbers of the members of a sharded actor; a plain one is its own member 0. */
  members(name: string): number[] {
    return this.#children.filter((child) => child.name === name).map(({ member }) => member);
  }

  status(): ActorStatus[] {
    const ended = [...this.#tree.groups.values()].flatMap((group) => group.ended);
    return [...this.#children, ...ended].map((child) => ({
      name: child.id,
      thread: child.threadId,
      state: child.state,
      restarts: child.restarts,
      mailbox: readKernelWord('mailbox', child.metrics),
      utilisation: child.utilisation(),
      metrics: readMetrics(child.spec.contract.metrics, child.metrics),
    }));
  }

  /** Bytes of each actor's JavaScript heap and of the buffers that hang on it, by name; 0 where it gives no answer. */
  async memory(): Promise<Readonly<Record<string, number>>> {
    const sizes = this.#children.map(async (child) => [child.id, await child.memory()] as const);
    return Object.fromEntries(await Promise.all(sizes));
  }

  /**
   * Gives a sharded actor so many members, 1 to 64. Resolves when calls go to them; a member that is not wanted any more
   * is called no longer and goes on until what it has begun is over, or its contract's `retireMs` are. Rejects when a
   * new member does not start, and with `E_BUSY` while the group is being restarted.
   */
  async resize(name: string, members: number): Promise<void> {
    if (this.#stopping.signal.aborted) throw this.#stopping.signal.reason;
    await this.#group(name).resize(members);
  }

  /** Resolves when no member of that sharded actor is on its way out. */
  async retired(name: string): Promise<void> {
    await this.#group(name).retired();
  }

  /** Members of that sharded actor that calls go to. */
  size(name: string): number {
    return this.#group(name).size;
  }

  #group(name: string): ShardGroup {
    const group = this.#tree.groups.get(name);
    if (!group) throw new RangeError(`no sharded actor ${name}`);
    return group;
  }

  get #children(): readonly Child[] {
    return this.#tree.root.actors;
  }

  /** The tree itself: strategies, restarts so far, what each actor died of last. */
  tree(): BranchStatus {
    return this.#tree.root.status();
  }

  /** How full the slab of the tree is. */
  slab(): SlabStatus {
    return this.#slab.status();
  }

  /** Quiesce and drain, then stop right to left, each within its contract's time, then cut what is left. */
  stop(): Promise<StopReport> {
    this.#stop ??= this.#stopAll();
    return this.#stop;
  }

  /** The second SIGINT: no more waiting. */
  cut(): void {
    void this.stop();
    for (const child of this.#children) {
      if (child.state === 'idle' || child.state === 'down') continue;
      this.#cut.add(child.id);
      child.terminate('shutdown');
    }
  }

  async #stopAll(): Promise<StopReport> {
    const from = this.#clock.now();
    this.#stopping.abort(new ActorError('E_ABORTED', 'the node stops'));
    if (!this.#began) return { clean: true, cut: [], seconds: 0 };
    const { root, leaves } = this.#tree;
    root.hold();
    await Promise.all(leaves.map((leaf) => leaf.quiesce(DRAIN_MS)));
    await root.stop();
    for (const child of this.#children) child.discard();
    this.#health.close();
    this.#deadlines.close();
    const cut = [...this.#cut];
    return { clean: cut.length === 0, cut, seconds: (this.#clock.now() - from) / 1000 };
  }
}
