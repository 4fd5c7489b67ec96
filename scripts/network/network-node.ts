import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { NodeClient } from '../../src/cli/client.ts';
import type { Place } from './places.ts';

const launcher = fileURLToPath(new URL('../../bin/granary.cjs', import.meta.url));
const PORT = 7001;

/** A node in a process and a place of its own, spoken to over its control socket. */
export class NetworkNode {
  readonly address: string;
  readonly client: NodeClient;
  readonly #child: ChildProcess;

  private constructor(address: string, child: ChildProcess, client: NodeClient) {
    this.address = address;
    this.#child = child;
    this.client = client;
  }

  static async start(
    home: string,
    place: Place,
    bootstrap: readonly string[],
    syncSeconds: number,
  ): Promise<NetworkNode> {
    await mkdir(home, { recursive: true });
    const address = `tcp://${place.ip}:${PORT}`;
    const up = ['up', '--json', '--home', home, '--listen', address, '--keys', 'plain'];
    const [command, ...args] = [...place.prefix, process.execPath, launcher, ...up] as [string, ...string[]];
    const child = spawn(command, args, {
      env: {
        ...process.env,
        GRANARY_NODE_LOG_LEVEL: 'error',
        GRANARY_NETWORK_SCOPE: 'test',
        GRANARY_NETWORK_ADVERTISE: address,
        GRANARY_NETWORK_SHARDS: '1',
        GRANARY_HASHING_THREADS: '1',
        GRANARY_SYNC_INTERVAL_SECONDS: String(syncSeconds),
        ...(bootstrap.length > 0 && { GRANARY_NETWORK_BOOTSTRAP: bootstrap.join(',') }),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      for await (const line of createInterface({ input: child.stdout! })) {
        const event = JSON.parse(line) as { event?: string; ok?: boolean };
        if (event.ok === false) throw new Error(`a node did not start: ${line}`);
        if (event.event === 'ready') break;
      }
      child.stdout!.resume();
      return new NetworkNode(address, child, await NodeClient.connect(home));
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** As a machine goes that loses its power. */
  async kill(): Promise<void> {
    this.client.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
