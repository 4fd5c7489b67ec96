import { ActorError, fromErrorRecord } from '../contract/actor-error.ts';
import type { LeafStatus } from '../contract/tree-status.ts';
import { readKernelWord } from '../memory/metrics-page.ts';
import type { ControlReport } from '../runtime/control.ts';
import type { Child, Death } from './child.ts';
import { patience } from './patience.ts';
import type { TreeNode } from './tree-node.ts';
import type { TreeRuntime } from './tree-runtime.ts';

/** After a cut, how long an exit is waited for: a thread inside a native call that does not return never exits. */
const EXIT_MS = 3_000;

/** A leaf of the tree: starts and stops the lives of one actor, one after another. */
export class ActorNode implements TreeNode {
  readonly child: Child;
  readonly actors: readonly Child[];
  lastDeath: Death | null = null;
  #lived = false;
  readonly #runtime: TreeRuntime;
  readonly #died: (node: TreeNode, death: Death) => void;
  #starting: { resolve(): void; reject(error: Error): void } | null = null;
  #quiesced: (() => void) | null = null;
  #retired: (() => void) | null = null;
  #exited: (() => void) | null = null;
  #stopped: Promise<void> | null = null;

  constructor(child: Child, runtime: TreeRuntime, died: (node: TreeNode, death: Death) => void) {
    this.child = child;
    this.actors = [child];
    this.#runtime = runtime;
    this.#died = died;
  }

  get name(): string {
    return this.child.id;
  }

  get restart() {
    return this.child.spec.contract.restart;
  }

  get up(): boolean {
    return this.child.state === 'up';
  }

  async start(): Promise<void> {
    const { child } = this;
    if (this.#lived) child.restarts++;
    this.#lived = true;
    const { placement, contracts, logLevel, mesh, slab, deadlines, clock } = this.#runtime;
    const started = new Promise<void>((resolve, reject) => {
      this.#starting = { resolve, reject };
    });
    child.spawn(
      { placement, contracts, logLevel, slab, uses: mesh.usesOf(child) },
      { report: (report) => this.#reported(report), exited: (death) => this.#ended(death) },
    );
    mesh.attach(child);
    child.send({ type: 'start' });
    const { startMs } = child.spec.contract;
    const disarm = patience(deadlines, clock, startMs, () => child.terminate('start-timeout'));
    try {
      await started;
    } finally {
      disarm();
      this.#starting = null;
    }
  }

  /** Resolves when the actor takes in nothing new and no call of it runs, or at the deadline. */
  quiesce(deadlineMs: number): Promise<void> {
    if (!this.up) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        disarm();
        this.#quiesced = null;
        resolve();
      };
      const disarm = this.#runtime.deadlines.add(deadlineMs, done);
      this.#quiesced = done;
      this.child.send({ type: 'quiesce' });
    });
  }

  /** Resolves when what it had begun is over, or it died, or at the contract's time. */
  retire(): Promise<void> {
    if (!this.up) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        disarm();
        this.#retired = null;
        resolve();
      };
      const disarm = this.#runtime.deadlines.add(this.child.spec.contract.retireMs, done);
      this.#retired = done;
      this.child.send({ type: 'retire' });
    });
  }

  hold(): void {}

  stop(): Promise<void> {
    const { state } = this.child;
    if (state === 'idle' || state === 'down') return Promise.resolve();
    this.#stopped ??= this.#stopOnce();
    return this.#stopped;
  }

  status(): LeafStatus {
    const { id, state, health, restarts, metrics } = this.child;
    const death = this.lastDeath;
    return {
      actor: id,
      state,
      health,
      restarts,
      refused: readKernelWord('refused', metrics),
      lastDeath: death && { cause: death.cause, message: death.error?.message ?? null },
    };
  }

  #stopOnce(): Promise<void> {
    this.#retired?.();
    const { child } = this;
    const { deadlines, clock, log, onCut } = this.#runtime;
    return new Promise((resolve) => {
      child.state = 'stopping';
      const giveUp = () => {
        log.error({ actor: child.id }, 'actor was cut and still does not exit');
        this.#ended({ actor: child.id, cause: 'exit', error: null, orderly: false });
      };
      let disarm = patience(deadlines, clock, child.spec.contract.shutdownMs, () => {
        log.warn({ actor: child.id }, 'actor did not stop in time and is cut');
        onCut(child);
        child.terminate('shutdown');
        disarm = patience(deadlines, clock, EXIT_MS, giveUp);
      });
      this.#exited = () => {
        disarm();
        resolve();
      };
      child.send({ type: 'stop' });
    });
  }

  #reported(report: ControlReport): void {
    if (report.type === 'started') {
      if (this.child.state !== 'starting') return;
      this.child.state = 'up';
      this.#runtime.mesh.announce(this.child);
      this.#runtime.onUp(this.child);
      this.#starting?.resolve();
    } else if (report.type === 'quiesced') this.#quiesced?.();
    else if (report.type === 'retired') this.#retired?.();
    else if (report.type === 'lost') this.#runtime.mesh.lost(this.child, report);
  }

  #ended(death: Death): void {
    const was = this.child.state;
    if (was === 'down') return;
    this.child.state = 'down';
    this.#runtime.mesh.sever(this.child);
    this.#quiesced?.();
    this.#retired?.();
    if (was !== 'stopping') this.lastDeath = death;
    this.#starting?.reject(startError(death));
    this.#exited?.();
    this.#exited = null;
    this.#stopped = null;
    if (was === 'up') this.#died(this, death);
  }
}

function startError({ actor, cause, error }: Death): Error {
  if (error) return fromErrorRecord(error);
  return new ActorError('E_START_FAILED', `${actor} did not start (${cause})`);
}
