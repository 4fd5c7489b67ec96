import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNode, type GranaryNode } from '../../src/node.ts';
import { Node } from '../../test/e2e/granary-process.ts';
import type { Place, Transport } from './cell.ts';
import { Reference } from './reference.ts';
import type { DialectNumber } from './reference-build.ts';

/** The nodes that the cells share, each started when it is first needed. */
export class World {
  readonly folder: string;
  readonly programs: Record<DialectNumber, string>;
  readonly #references = new Map<string, Promise<Reference>>();
  readonly #nodes = new Map<string, Promise<Node>>();
  #asker: Promise<GranaryNode> | null = null;
  #files = 0;

  private constructor(folder: string, programs: World['programs']) {
    this.folder = folder;
    this.programs = programs;
  }

  static async create(programs: World['programs']): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'granary-interop-')), programs);
  }

  /** A path that nobody has used. */
  path(name: string): string {
    return join(this.folder, `${++this.#files}-${name}`);
  }

  /** A reference node of that dialect without limits, or another one by its name. */
  reference(
    dialect: DialectNumber,
    name = 'plain',
    args: readonly string[] = ['--unlimited'],
  ): Promise<Reference> {
    const key = `${name}-${dialect}`;
    const known = this.#references.get(key);
    if (known) return known;
    const started = Reference.start({ program: this.programs[dialect], args });
    this.#references.set(key, started);
    return started;
  }

  /** A Granary node in a process of its own, listening on all the transports it has; `bootstrap` counts at its first use. */
  granary(name: string, bootstrap: readonly string[] = []): Promise<Node> {
    const known = this.#nodes.get(name);
    if (known) return known;
    const started = startGranary(bootstrap);
    this.#nodes.set(name, started);
    return started;
  }

  /** One that is asked for by each dialect, with the reference of it as its bootstrap node. */
  async partner({ dialect, transport }: Place): Promise<Node> {
    const reference = await this.reference(dialect);
    return this.granary(`partner-${dialect}-${transport}`, [reference.address(transport)]);
  }

  /** The node inside this process whose transport asks single questions. */
  asker(): Promise<GranaryNode> {
    this.#asker ??= createNode({
      quic: { folder: join(this.folder, 'quic') },
      home: join(this.folder, 'asker'),
      logLevel: 'silent',
      shards: 1,
      store: { keys: 'plain' },
      acceptor: { listen: ['tcp://127.0.0.1:0'] },
      control: { socket: join(this.folder, 'asker.sock') },
    });
    return this.#asker;
  }

  async close(): Promise<void> {
    await (await this.#asker)?.stop();
    for (const node of this.#nodes.values()) await node.then((it) => it.remove()).catch(() => {});
    for (const reference of this.#references.values())
      await reference.then((it) => it.stop()).catch(() => {});
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** On loopback, where learnt addresses count as well. */
function startGranary(bootstrap: readonly string[]): Promise<Node> {
  const args = ['--listen', 'quic://127.0.0.1:0', '--set', 'network.scope=test'];
  return Node.start({ args: [...args, ...bootstrap.flatMap((address) => ['--bootstrap', address])] });
}

/** The address of a Granary node on that transport. */
export function addressOf(node: Node, transport: Transport): string {
  const address = node.ready.addresses.find((text) => text.startsWith(`${transport}://`));
  if (address === undefined) throw new Error(`Granary listens on no ${transport} address`);
  return address;
}
