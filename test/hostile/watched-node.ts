import { readdirSync, readFileSync } from 'node:fs';
import { NodeClient } from '../../src/cli/client.ts';
import type { StatsResult } from '../../src/control-link/results.ts';
import { Node } from '../e2e/granary-process.ts';

export interface Load {
  /** Octets of memory of the process that are resident. */
  readonly rss: number;
  /** Null where the system does not tell. */
  readonly descriptors: number | null;
  readonly sessions: number;
}

/** A real node in a process of its own, and what it says of its health. */
export class WatchedNode {
  readonly node: Node;
  readonly client: NodeClient;

  private constructor(node: Node, client: NodeClient) {
    this.node = node;
    this.client = client;
  }

  static async start(...args: string[]): Promise<WatchedNode> {
    const node = await Node.start({ args });
    return new WatchedNode(node, await NodeClient.connect(node.home));
  }

  stats(): Promise<StatsResult> {
    return this.client.call('stats', {});
  }

  /** What is wrong with the process: null when it is the one we started and no actor of it ever died. */
  async ailment(): Promise<string | null> {
    const { child } = this.node;
    if (child.exitCode !== null || child.signalCode !== null) return 'the process is gone';
    const { node, actors } = await this.stats();
    if (node.pid !== child.pid) return 'another process answers';
    for (const { name, state, restarts } of actors) {
      if (state !== 'up' || restarts > 0) return `${name} is ${state}, restarted ${restarts} times`;
    }
    return null;
  }

  async load(): Promise<Load> {
    const { sessions, memory } = await this.stats();
    return { rss: memory.rss, descriptors: this.#descriptors(), sessions };
  }

  async remove(): Promise<void> {
    this.client.close();
    await this.node.remove();
  }

  #descriptors(): number | null {
    if (process.platform !== 'linux') return null;
    return readdirSync(`/proc/${this.node.child.pid}/fd`).length;
  }

  /** Seconds of processor time that the process has used; 0 where the system does not tell. */
  cpuSeconds(): number {
    if (process.platform !== 'linux') return 0;
    const fields = readFileSync(`/proc/${this.node.child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
}
