import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { NodeClient } from '../../src/cli/client.ts';
import { cpuOf, launcher } from '../node-process.ts';

/** A node in a process of its own with the moments of its life, asked over its control socket. */
export class TimedNode {
  /** From the spawn of the process to its `ready`, milliseconds. */
  readonly readyMs: number;
  readonly client: NodeClient;
  readonly #from: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, from: number, readyMs: number, client: NodeClient) {
    this.#child = child;
    this.#from = from;
    this.readyMs = readyMs;
    this.client = client;
  }

  /** `program`: the launcher of the node. */
  static async start(
    home: string,
    env: Readonly<Record<string, string>> = {},
    program = launcher!,
  ): Promise<TimedNode> {
    const from = performance.now();
    const child = spawn(
      process.execPath,
      [program, 'up', '--json', '--home', home, '--listen', 'tcp://127.0.0.1:0'],
      {
        env: { ...process.env, ...env, GRANARY_STORE_KEYS: 'plain', GRANARY_NODE_LOG_LEVEL: 'error' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    for await (const line of createInterface({ input: child.stdout! })) {
      const message = JSON.parse(line) as { event?: string; ok?: boolean };
      if (message.event === 'ready') {
        const readyMs = performance.now() - from;
        child.stdout!.resume();
        const client = await NodeClient.connect(home);
        return new TimedNode(child, from, readyMs, client);
      }
      if (message.ok === false) break;
    }
    throw new Error('the node did not start');
  }

  /** Milliseconds since the process was spawned. */
  get age(): number {
    return performance.now() - this.#from;
  }

  /** CPU seconds of the process so far, as the system counts them. */
  cpu(): Promise<number> {
    return cpuOf(this.client);
  }

  /** Resident octets; on Linux as the system has them, without asking the node. */
  async rss(): Promise<number> {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8').catch(() => '');
    const kib = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
    return kib === undefined ? (await this.client.call('stats', {})).memory.rss : Number(kib) * 1024;
  }

  /** How long it took, milliseconds. */
  async stop(): Promise<number> {
    this.client.close();
    const from = performance.now();
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
    return performance.now() - from;
  }
}
