import { sleep } from '../contract/clock.ts';
import type { RestartBudget } from './backoff.ts';
import type { Death } from './child.ts';
import type { TreeNode } from './tree-node.ts';
import type { TreeRuntime } from './tree-runtime.ts';
import type { Strategy } from './tree-spec.ts';

export interface LaneSetting {
  readonly budget: RestartBudget;
  /** Children that ended and are not to be restarted. */
  readonly finished: Set<TreeNode>;
  readonly stopping: AbortSignal;
  gaveUp(death: Death): void;
}

/**
 * Restarts, one at a time, of children that depend on each other; with `one_for_one` each child has a lane of its
 * own. A restart is counted before it is tried, and a failed try is the next death.
 */
export class Lane {
  readonly #nodes: readonly TreeNode[];
  readonly #strategy: Strategy;
  readonly #runtime: TreeRuntime;
  readonly #setting: LaneSetting;
  #deaths: { node: TreeNode; death: Death }[] = [];
  #running = false;

  constructor(nodes: readonly TreeNode[], strategy: Strategy, runtime: TreeRuntime, setting: LaneSetting) {
    this.#nodes = nodes;
    this.#strategy = strategy;
    this.#runtime = runtime;
    this.#setting = setting;
  }

  died(node: TreeNode, death: Death): void {
    this.#deaths.push({ node, death });
    if (!this.#running) void this.#repair();
  }

  async #repair(): Promise<void> {
    this.#running = true;
    const { stopping, finished } = this.#setting;
    const back = new Map<TreeNode, Death>();
    while (this.#deaths.length > 0) {
      const delayMs = this.#count(back);
      if (delayMs === null) return;
      const range = this.#range();
      for (const node of range) if (!back.has(node)) back.set(node, [...back.values()].at(-1)!);
      for (const node of [...range].reverse()) {
        await node.stop();
        if (node.restart === 'temporary') finished.add(node);
      }
      await pause(this.#runtime, delayMs, stopping);
      for (const node of range) {
        // A death meanwhile may reach further back than this range: it is handled first.
        if (stopping.aborted || this.#deaths.length > 0) break;
        if (!finished.has(node)) await this.#start(node);
      }
      if (stopping.aborted) return;
    }
    this.#running = false;
    for (const [node, death] of back) {
      for (const actor of node.actors) if (actor.state === 'up') this.#runtime.onRestarted(actor, death);
    }
  }

  /** Counts what died; how long to wait before the restart, or null when this was one too many. */
  #count(back: Map<TreeNode, Death>): number | null {
    let delayMs = 0;
    for (const { node, death } of this.#deaths.splice(0)) {
      const verdict = this.#setting.budget.count(node.name);
      const { actor, cause, error } = death;
      this.#runtime.log.warn({ actor, cause, error, delayMs: verdict.delayMs }, 'actor died');
      if (verdict.exceeded) {
        this.#setting.gaveUp(death);
        return null;
      }
      delayMs = Math.max(delayMs, verdict.delayMs);
      back.set(node, death);
    }
    return delayMs;
  }

  async #start(node: TreeNode): Promise<void> {
    if (node.up) return;
    try {
      await node.start();
    } catch {
      if (node.lastDeath) this.#deaths.push({ node, death: node.lastDeath });
    }
  }

  #range(): TreeNode[] {
    const { finished } = this.#setting;
    const wanted = this.#nodes.filter((node) => !finished.has(node));
    if (this.#strategy !== 'rest_for_one') return wanted;
    const first = wanted.findIndex((node) => !node.up);
    return first < 0 ? [] : wanted.slice(first);
  }
}

/** An aborted pause ends at once; whoever waited looks at the signal. */
async function pause({ clock }: TreeRuntime, ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await sleep(clock, ms, signal).catch(() => {});
}
