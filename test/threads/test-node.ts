import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeClient } from '../../src/cli/client.ts';
import { createNode, type GranaryNode, type NodeSettings } from '../../src/node.ts';
import { socketPath } from '../../src/settings/run-folder.ts';
import { type Axe, withAxe } from './watched-lives.ts';

/** A whole node in this process, its actors on threads, with a folder of its own. */
export class TestNode {
  readonly node: GranaryNode;
  readonly home: string;
  readonly axe: Axe;

  private constructor(node: GranaryNode, home: string, axe: Axe) {
    this.node = node;
    this.home = home;
    this.axe = axe;
  }

  /** On a port that stays: an acceptor that is restarted listens where its links say. */
  static async start(settings: Partial<NodeSettings> = {}): Promise<TestNode> {
    const home = await mkdtemp(join(tmpdir(), 'granary-threads-'));
    const listen = [`tcp://127.0.0.1:${await freePort()}`];
    const { started, axe } = await withAxe(() =>
      createNode({
        home,
        logLevel: 'silent',
        shards: 2,
        // SQLite keeps the descriptor of a closed backup of the open database for the next one: one more after a minute.
        store: { keys: 'plain', backupHours: 0 },
        sync: { intervalSeconds: 0 },
        control: { socket: socketPath(home, {}) },
        ...settings,
        acceptor: { listen, ...settings.acceptor },
      }),
    );
    return new TestNode(started, home, axe);
  }

  /** As a command reaches it. */
  client(): Promise<NodeClient> {
    return NodeClient.connect(this.home);
  }

  get actors() {
    return this.node.status().actors;
  }

  async remove(): Promise<void> {
    await this.node.stop();
    await rm(this.home, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
