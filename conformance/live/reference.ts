import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

interface Ready {
  readonly node_pubkey: string;
  readonly node_seed: string;
  readonly node_id: string;
  readonly version: string;
}

/** What a command came to: `ok` false carries the reference's own words. */
export type Reply = { readonly ok: boolean; readonly error?: string } & Readonly<Record<string, unknown>>;

/** The reference refused or failed a command. */
export class ReferenceFailure extends Error {}

export interface ReferenceOptions {
  readonly program: string;
  /** Addresses `tcp://IP:PORT` it asks by default. */
  readonly bootstrap?: readonly string[];
  readonly args?: readonly string[];
}

/** Longest command: 600 MB at the speed of the slowest path. */
const COMMAND_MS = 600_000;
const MOST_TRIES = 5;

/** A live node of the reference in a process of its own. */
export class Reference {
  readonly ready: Ready;
  readonly tcp: string;
  readonly quic: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #id = 0;

  private constructor(child: ChildProcess, ready: Ready, ports: { tcp: number; quic: number }) {
    this.#child = child;
    this.ready = ready;
    this.tcp = `tcp://127.0.0.1:${ports.tcp}`;
    this.quic = `quic://127.0.0.1:${ports.quic}`;
  }

  /** It takes no port 0, and a port that was free may be somebody's by the time it listens there: then others are tried. */
  static async start(options: ReferenceOptions): Promise<Reference> {
    for (let tries = 1; ; tries++) {
      try {
        return await Reference.#launch(options);
      } catch (error) {
        if (tries === MOST_TRIES || !(error as Error).message.includes('Address already in use')) throw error;
      }
    }
  }

  static async #launch({ program, bootstrap = [], args = [] }: ReferenceOptions): Promise<Reference> {
    const ports = { tcp: await freeTcpPort(), quic: await freeUdpPort() };
    const all = ['--tcp', `127.0.0.1:${ports.tcp}`, '--quic', `127.0.0.1:${ports.quic}`, ...args];
    if (bootstrap.length > 0) all.push('--bootstrap', bootstrap.join(','));
    const child = spawn(program, all, { stdio: ['pipe', 'pipe', 'pipe'] });
    let noise = '';
    child.stderr!.on('data', (data) => {
      noise = `${noise}${data}`.slice(-2_000);
    });
    const { promise, resolve, reject } = Promise.withResolvers<Reference>();
    let self: Reference | null = null;
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const reply = JSON.parse(line) as Reply;
      if (reply.event === 'ready') {
        self = new Reference(child, reply as unknown as Ready, ports);
        resolve(self);
      } else if (typeof reply.id === 'number') self?.settle(reply.id, reply);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      reject(new Error(`the reference ended with ${code}: ${noise}`));
      self?.gone();
    });
    return promise;
  }

  address(transport: 'tcp' | 'quic'): string {
    return this[transport];
  }

  /** Throws ReferenceFailure with its words when it fails. */
  async must<T = Reply>(cmd: string, args: object = {}): Promise<T> {
    const reply = await this.ask(cmd, args);
    if (!reply.ok) throw new ReferenceFailure(`${cmd}: ${reply.error}`);
    return (Array.isArray(reply.result) ? reply.result : reply) as T;
  }

  async ask(cmd: string, args: object = {}): Promise<Reply> {
    const id = ++this.#id;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiting.set(id, resolve);
    const timer = setTimeout(
      () => this.settle(id, { ok: false, error: 'no end of the command' }),
      COMMAND_MS,
    );
    this.#child.stdin!.write(`${JSON.stringify({ id, cmd, ...args })}\n`);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  settle(id: number, reply: Reply): void {
    this.#waiting.get(id)?.(reply);
    this.#waiting.delete(id);
  }

  gone(): void {
    for (const id of [...this.#waiting.keys()]) this.settle(id, { ok: false, error: 'the process is gone' });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}

async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
