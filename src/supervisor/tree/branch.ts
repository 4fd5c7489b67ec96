import { ActorError, fromErrorRecord } from '../contract/actor-error.ts';
import type { BranchStatus } from '../contract/tree-status.ts';
import { RestartBudget } from './backoff.ts';
import type { Child, Death } from './child.ts';
import { Lane } from './lane.ts';
import type { TreeNode } from './tree-node.ts';
import type { TreeRuntime } from './tree-runtime.ts';
import type { BranchSpec } from './tree-spec.ts';

type Settings = Pick<BranchSpec, 'name' | 'strategy' | 'intensity' | 'periodMs'>;

/** One life of a supervisor: what it keeps between its start and its end. */
interface BranchLife {
  readonly budget: RestartBudget;
  readonly stopping: AbortController;
  readonly lanes: Map<TreeNode, Lane>;
  /** Children that ended and are not to be restarted. */
  readonly finished: Set<TreeNode>;
  /** What it dies of, or did not start for. */
  fatal: Death | null;
  /** Its end was asked for from above. */
  asked: boolean;
  halting: Promise<void> | null;
}

/**
 * A supervisor: starts its children left to right, stops them right to left, restarts them by its strategy, and dies
 * of it when they die too often: its own supervisor counts that as one death.
 */
export class Branch implements TreeNode {
  readonly #settings: Settings;
  readonly #runtime: TreeRuntime;
  readonly #died: (node: TreeNode, death: Death) => void;
  readonly #root: boolean;
  readonly restart = 'permanent';
  lastDeath: Death | null = null;
  #children: readonly TreeNode[] = [];
  /** Taken out, but not ended: they are stopped with the branch, and not started again. */
  readonly #leaving = new Set<TreeNode>();
  #life: BranchLife | null = null;
  #state: 'down' | 'starting' | 'up' = 'down';

  constructor(
    settings: Settings,
    runtime: TreeRuntime,
    died: (node: TreeNode, death: Death) => void,
    place: { root: boolean } = { root: false },
  ) {
    this.#settings = settings;
    this.#runtime = runtime;
    this.#died = died;
    this.#root = place.root;
  }

  /** Once, before the first start: children report their deaths to the branch, so it is made first. */
  populate(children: readonly TreeNode[]): void {
    this.#children = children;
  }

  get name(): string {
    return this.#settings.name;
  }

  get up(): boolean {
    return this.#state === 'up';
  }

  get actors(): readonly Child[] {
    return [...this.#children, ...this.#leaving].flatMap((child) => child.actors);
  }

  /**
   * Takes one more child in while the branch is up, and starts it: rejects as that does, or with `E_BUSY` while the
   * branch itself starts or stops, and then it is not in it. Only for `one_for_one`, where nobody depends on an order.
   */
  async add(node: TreeNode): Promise<void> {
    const life = this.#life;
    if (!this.up || !life || life.stopping.signal.aborted) throw busyError(this.name);
    this.#children = [...this.#children, node];
    life.finished.delete(node);
    life.lanes.set(node, this.#lane(life, [node]));
    try {
      await node.start();
    } catch (error) {
      this.#remove(node);
      throw error;
    }
  }

  /** Takes a child out: it is not restarted from here on. `gone` once it has ended. */
  release(node: TreeNode): () => void {
    this.#remove(node);
    this.#leaving.add(node);
    return () => void this.#leaving.delete(node);
  }

  async start(): Promise<void> {
    const life = this.#begin();
    this.#life = life;
    this.#state = 'starting';
    for (const child of this.#children) {
      try {
        life.stopping.signal.throwIfAborted();
        await child.start();
        life.stopping.signal.throwIfAborted();
      } catch (error) {
        this.lastDeath = life.fatal ?? child.lastDeath;
        await this.#halt(life);
        throw life.fatal ? deathError(life.fatal) : error;
      }
    }
    this.#state = 'up';
  }

  stop(): Promise<void> {
    if (!this.#life) return Promise.resolve();
    this.#life.asked = true;
    return this.#halt(this.#life);
  }

  /** No restarts from here on, neither here nor below: a stop is coming. */
  hold(): void {
    this.#life?.stopping.abort(stopError(this.name));
    for (const child of this.#children) child.hold();
  }

  #remove(node: TreeNode): void {
    this.#children = this.#children.filter((child) => child !== node);
    this.#life?.lanes.delete(node);
    // A restart may be under way.
    this.#life?.finished.add(node);
  }

  /** A child, or a whole branch below, ended without having been told to. */
  childDied(node: TreeNode, death: Death): void {
    const life = this.#life;
    if (!life || life.stopping.signal.aborted) return;
    if (node.restart === 'temporary' || (node.restart === 'transient' && death.orderly)) {
      life.finished.add(node);
      this.#runtime.log.info({ actor: node.name, cause: death.cause }, 'actor ended and stays so');
    } else if (this.#state === 'starting' && this.#settings.strategy !== 'one_for_one') {
      // Those started on the strength of it are not all there yet: the start has failed.
      life.fatal = death;
      void this.#halt(life);
    } else {
      life.lanes.get(node)?.died(node, death);
    }
  }

  status(): BranchStatus {
    const { name, strategy, intensity, periodMs } = this.#settings;
    const children = [...this.#children, ...this.#leaving].map((child) => child.status());
    return { name, strategy, intensity, periodMs, recent: this.#life?.budget.recent ?? 0, children };
  }

  #begin(): BranchLife {
    const { strategy, intensity, periodMs } = this.#settings;
    const { clock, random } = this.#runtime;
    const budget = new RestartBudget(intensity, periodMs, clock, random);
    const stopping = new AbortController();
    const life: BranchLife = {
      budget,
      stopping,
      finished: new Set(),
      lanes: new Map(),
      fatal: null,
      asked: false,
      halting: null,
    };
    const shared = strategy === 'one_for_one' ? null : this.#lane(life, this.#children);
    for (const child of this.#children) life.lanes.set(child, shared ?? this.#lane(life, [child]));
    return life;
  }

  #lane(life: BranchLife, nodes: readonly TreeNode[]): Lane {
    return new Lane(nodes, this.#settings.strategy, this.#runtime, {
      budget: life.budget,
      finished: life.finished,
      stopping: life.stopping.signal,
      gaveUp: (death) => void this.#giveUp(life, death),
    });
  }

  async #giveUp(life: BranchLife, death: Death): Promise<void> {
    this.#runtime.log.error({ supervisor: this.name, actor: death.actor }, 'too many restarts');
    life.fatal = death;
    this.lastDeath = death;
    // Nobody is above the root: its end is the end of the tree, which whoever runs the tree brings about in order.
    if (this.#root) return this.#died(this, death);
    const wasUp = this.#state === 'up';
    await this.#halt(life);
    // Else whoever waits for the start is told by its failing, and whoever asked for a stop wants nothing more.
    if (wasUp && !life.asked) this.#died(this, death);
  }

  #halt(life: BranchLife): Promise<void> {
    life.halting ??= this.#haltOnce(life);
    return life.halting;
  }

  async #haltOnce(life: BranchLife): Promise<void> {
    life.stopping.abort(stopError(this.name));
    for (const child of [...this.#children, ...this.#leaving].reverse()) await child.stop();
    this.#state = 'down';
  }
}

const stopError = (name: string): ActorError => new ActorError('E_ABORTED', `${name} stops`);

const busyError = (name: string): ActorError =>
  new ActorError('E_BUSY', `${name} is not up`, { retryable: true });

const deathError = ({ actor, cause, error }: Death): ActorError =>
  new ActorError('E_START_FAILED', `${actor} died while others were started (${cause})`, {
    ...(error && { cause: fromErrorRecord(error) }),
  });
