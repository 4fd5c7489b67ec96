import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NodeClient } from '../src/cli/client.ts';

/** The launcher: two folders up from `dist/bench/`, one up from `bench/`. */
export const launcher = ['../bin/granary.cjs', '../../bin/granary.cjs']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));

type Line = Record<string, unknown> & {
  event?: string;
  ok?: boolean;
  result?: Record<string, unknown>;
  error?: { code: string; message: string };
};

/** A node in a process of its own, driven as a script would: by `--json`. */
export class NodeProcess {
  readonly home: string;
  /** What it tells others. */
  readonly addresses: readonly string[];
  readonly #child: ChildProcess;

  private constructor(home: string, child: ChildProcess, addresses: readonly string[]) {
    this.home = home;
    this.addresses = addresses;
    this.#child = child;
  }

  /** Listens on TCP, on a port that is free, unless told otherwise. */
  static async start(
    home: string,
    env: Record<string, string> = {},
    port = 0,
    listen: readonly string[] = [`tcp://127.0.0.1:${port}`],
  ): Promise<NodeProcess> {
    await mkdir(home, { recursive: true });
    const child = spawn(
      process.execPath,
      [launcher!, 'up', '--json', '--home', home, ...listen.flatMap((address) => ['--listen', address])],
      {
        env: { ...process.env, ...env, GRANARY_STORE_KEYS: 'plain', GRANARY_NODE_LOG_LEVEL: 'error' },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    for await (const line of createInterface({ input: child.stdout! })) {
      const message = JSON.parse(line) as Line;
      if (message.event === 'ready') {
        child.stdout!.resume();
        return new NodeProcess(home, child, message.addresses as string[]);
      }
      if (message.ok === false) throw new Error(`the node did not start: ${line}`);
    }
    throw new Error('the node ended before it was ready');
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Of its first address. */
  get port(): number {
    return Number(/:(\d+)/.exec(this.addresses[0]!.slice('tcp://'.length))![1]!);
  }

  /** Runs one command against this node; its result, or an error with its code. */
  async run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
    const child = spawn(process.execPath, [launcher!, ...args, '--json', '--home', this.home], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let last: Line = {};
    for await (const line of createInterface({ input: child.stdout! })) last = JSON.parse(line) as Line;
    if (last.ok) return last.result as T;
    throw new Error(`granary ${args[0]}: ${last.error?.code} ${last.error?.message}`);
  }

  /** CPU seconds of the node's process so far. */
  async cpu(): Promise<number> {
    const { cpu } = await this.run<{ cpu: { user: number; system: number } }>('stats');
    return cpu.user + cpu.system;
  }

  /** Of the transport shards: bytes of heap and buffers, and one of their counters. */
  async shards(counter: string): Promise<{ memory: number; counted: number }> {
    const { actors } = await this.run<{
      actors: { name: string; memory: number; metrics: Record<string, number> }[];
    }>('stats');
    const shards = actors.filter(({ name }) => name.startsWith('transport/'));
    return {
      memory: shards.reduce((sum, { memory }) => sum + memory, 0),
      counted: shards.reduce((sum, { metrics }) => sum + (metrics[counter] ?? 0), 0),
    };
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await gone;
  }
}

/** CPU seconds of a node's process so far, asked over its control socket. */
export async function cpuOf(client: NodeClient): Promise<number> {
  const { cpu } = await client.call('stats', {});
  return cpu.user + cpu.system;
}

/** A subfolder of `root`, made. */
export async function folder(root: string, name: string): Promise<string> {
  const path = join(root, name);
  await mkdir(path, { recursive: true });
  return path;
}
