import { createPrivateKey } from 'node:crypto';
import { statSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from '../../../bench/self-signed.ts';
import { noCaps } from '../../../src/actors/cap-set.ts';
import type { ServedLease } from '../../../src/actors/content-types.ts';
import type { CapSet } from '../../../src/actors/limits/contract.ts';
import transport from '../../../src/actors/transport/actor.ts';
import { transportConfig } from '../../../src/actors/transport/config.ts';
import type {
  FetchEvent,
  FetchFile,
  SessionInfo,
  transportContract,
} from '../../../src/actors/transport/contract.ts';
import type { WireReply, WireRequest } from '../../../src/actors/wire-request.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { concatBytes, toHex } from '../../../src/protocol/crypto/bytes.ts';
import { publicKeyBytes } from '../../../src/protocol/crypto/ed25519.ts';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import { nodeIdOf } from '../../../src/protocol/objects/ids.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { type Clock, systemClock } from '../../../src/supervisor/contract/clock.ts';
import type { MessagesOf } from '../../../src/supervisor/contract/contract.ts';

type Shard = Behaviour<MessagesOf<typeof transportContract>>;
type Config = Parameters<typeof transportConfig.parse>[0];

/** A shard on the test's thread, over real sockets, with a scripted store behind it. */
export class TestShard {
  readonly nodeKey: string;
  readonly nodeId: string;
  readonly leases = new Map<string, ServedLease>();
  readonly gone: string[] = [];
  readonly warnings: object[] = [];
  /** What the shard logged as bugs of its own. */
  readonly bugs: object[] = [];
  /** What was asked of other actors, by name. */
  readonly asked = new Map<string, number>();
  readonly remembered: object[] = [];
  /** What other actors were told. */
  readonly told: [name: string, message: unknown][] = [];
  readonly metrics = new Map<string, number>();
  readonly adopted: Promise<{ established: boolean }>[] = [];
  /** What store and publish answer to requests of peers. */
  wire: (request: WireRequest) => WireReply | Promise<WireReply> = () => ({ error: 'nothing here' });
  knownPeer: object | null = null;
  /** Those that are adopted from now on have paid for a newcomer. */
  newcomers = false;
  /** Store and publish are dead. */
  down = false;
  /** Holds answers of the store back until it is resolved. */
  hold: Promise<void> | null = null;
  /** Tells the shard that leases are void. */
  voidLeases: (contentIds: readonly string[]) => void = () => {};
  /** Puts bans in force, in the place of those that were. */
  useBans: (targets: readonly string[]) => void = () => {};
  /** Puts caps in force. */
  useCaps: (set: CapSet) => void = () => {};
  /** Where the QUIC bridge takes dial requests. */
  dialAt: () => Promise<{ path: string }> = () =>
    Promise.reject(new ActorError('E_QUIC_UNAVAILABLE', 'no QUIC here'));
  /** Ends the stream of void leases, as the store's death does. */
  breakLeases: () => void = () => {};
  readonly #stopping = new AbortController();
  readonly #servers: Server[] = [];
  #behaviour: Shard | null = null;
  readonly #identity: { key: string; cert: string };

  private constructor(identity: { key: string; cert: string }) {
    this.#identity = identity;
    const key = publicKeyBytes(createPrivateKey(identity.key));
    this.nodeKey = toHex(key);
    this.nodeId = toHex(nodeIdOf(key));
  }

  static async start(
    config: Config = {},
    options: { clock?: Clock; member?: number; identity?: { key: string; cert: string } } = {},
  ): Promise<TestShard> {
    const shard = new TestShard(options.identity ?? selfSigned('ed25519'));
    const context = shard.#context(config, options.clock ?? systemClock, options.member ?? 0);
    shard.#behaviour = await transport.start(context);
    return shard;
  }

  get handlers(): Shard['handlers'] {
    return this.#behaviour!.handlers;
  }

  /** A call as the kernel makes it: its signal is aborted when the actor stops. */
  get call() {
    return this.callWith(this.#stopping.signal);
  }

  callWith(signal: AbortSignal) {
    return { signal: AbortSignal.any([signal, this.#stopping.signal]), remainingMs: () => 60_000 };
  }

  /** Listens on loopback and adopts what comes, as the acceptor would have it. */
  async listen(): Promise<string> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.adopt(socket));
    this.#servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  adopt(socket: Socket): void {
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    const { newcomers: newcomer } = this;
    this.adopted.push(Promise.resolve(this.handlers.adopt({ socket, remote, newcomer }, this.call)));
  }

  /** Sessions as the shard sees them. */
  async sessions(): Promise<readonly SessionInfo[]> {
    return await this.handlers.sessions(null, this.call);
  }

  request(
    address: string,
    type: number,
    payload: Uint8Array = new Uint8Array(0),
    options: { nodeKey?: string; signal?: AbortSignal } = {},
  ) {
    const { nodeKey, signal } = options;
    const request = { peer: { address, nodeKey }, type, payload };
    return Promise.resolve(this.handlers.request(request, signal ? this.callWith(signal) : this.call));
  }

  async connect(address: string, nodeKey?: string): Promise<SessionInfo> {
    return await this.handlers.connect({ address, nodeKey }, this.call);
  }

  /** Shares the file at this path. */
  share(path: string, contentId: string, shareIds: readonly string[] = []): void {
    const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    this.leases.set(contentId, {
      contentId,
      path,
      size: Number(size),
      mtimeNs,
      ctimeNs,
      inode: ino,
      epoch: 1,
      shareIds,
    });
  }

  async fetch(
    address: string,
    files: readonly FetchFile[],
    signal: AbortSignal = this.call.signal,
    shareIds: readonly string[] = [],
  ): Promise<FetchEvent[]> {
    const events: FetchEvent[] = [];
    const stream = this.handlers.fetch({ peer: { address }, files, shareIds }, this.callWith(signal));
    for await (const event of stream) events.push(event);
    return events;
  }

  async retire(): Promise<void> {
    await this.#behaviour?.retire?.();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stops'));
    await this.#behaviour?.quiesce?.();
    await this.#behaviour?.stop?.();
    for (const server of this.#servers) server.close();
  }

  async #store(name: string, request: unknown): Promise<unknown> {
    this.asked.set(name, (this.asked.get(name) ?? 0) + 1);
    if (this.down) throw storeDown();
    if (this.hold) await this.hold;
    switch (name) {
      case 'identity':
        return {
          nodeKey: this.nodeKey,
          nodeId: this.nodeId,
          privateKey: createPrivateKey(this.#identity.key),
          certificate: this.#identity.cert,
          tlsKey: this.#identity.key,
        };
      case 'lease':
        return this.leases.get((request as { contentId: string }).contentId) ?? null;
      case 'sourceGone':
        this.gone.push((request as { contentId: string }).contentId);
        return null;
      case 'bans':
        return [];
      case 'knownPeer':
        return this.knownPeer;
      case 'rememberPeer':
        this.remembered.push(request as object);
        return null;
      case 'wire':
        return await this.wire(request as WireRequest);
      default:
        throw new Error(`no ${name} here`);
    }
  }

  async *#leaseChanges(signal: AbortSignal) {
    if (this.down) throw storeDown();
    const lines = new Lines<readonly string[]>();
    this.breakLeases = () => lines.break(storeDown());
    this.voidLeases = (contentIds) => lines.say(contentIds);
    for await (const contentIds of lines.said(signal)) yield { contentIds };
  }

  #bans(signal: AbortSignal) {
    const lines = new Lines<readonly string[]>();
    this.useBans = (targets) => lines.say(targets);
    return lines.said(signal);
  }

  #caps(signal: AbortSignal) {
    const lines = new Lines<CapSet>();
    lines.say(noCaps());
    this.useCaps = (set) => lines.say(set);
    return lines.said(signal);
  }

  #context(config: Config, clock: Clock, member: number): object {
    const { signal } = this.#stopping;
    const note = (fields: object, message: string) => void this.warnings.push({ ...fields, message });
    const bug = (fields: object, message: string) => void this.bugs.push({ ...fields, message });
    const add = (name: string, amount: number) =>
      void this.metrics.set(name, (this.metrics.get(name) ?? 0) + amount);
    return {
      name: 'transport',
      member,
      epoch: 1,
      config: transportConfig.parse(config),
      clock,
      signal,
      log: { debug: () => {}, info: note, warn: note, error: bug },
      metrics: {
        add,
        set: (name: string, value: number) => void this.metrics.set(name, value),
        get: (name: string) => this.metrics.get(name) ?? 0,
      },
      refs: {
        store: {
          ask: (name: string, request: unknown) => this.#store(name, request),
          stream: (name: string) => (name === 'banned' ? this.#bans(signal) : this.#leaseChanges(signal)),
        },
        publish: { ask: (name: string, request: unknown) => this.#store(name, request) },
        limits: { stream: () => this.#caps(signal) },
        acceptor: {
          tell: (name: string, message: unknown) => this.told.push([name, message]) > 0,
        },
        quic: { ask: () => this.dialAt(), tell: () => false },
        pex: {
          ask: (name: string, request: unknown) => this.#store(name, request),
          tell: () => true,
        },
        dht: {
          ask: (name: string, request: unknown) => this.#store(name, request),
          tell: (name: string, message: unknown) => this.told.push([name, message]) > 0,
        },
      },
      spawn: (work: () => Promise<void>) => {
        work().catch((error: unknown) => {
          if (!signal.aborted) this.bugs.push({ crash: String(error) });
        });
      },
    };
  }
}

const storeDown = () => new ActorError('E_ACTOR_DOWN', 'the store is down', { retryable: true });

/** What a test says, as the stream of another actor. */
class Lines<T> {
  readonly #queue: T[] = [];
  #broken: Error | null = null;
  #wake = () => {};

  say(line: T): void {
    this.#queue.push(line);
    this.#wake();
  }

  /** Whoever listens is thrown this. */
  break(error: Error): void {
    this.#broken = error;
    this.#wake();
  }

  async *said(signal: AbortSignal): AsyncGenerator<T> {
    signal.addEventListener('abort', () => this.#wake());
    while (!signal.aborted) {
      if (this.#broken) throw this.#broken;
      yield* this.#queue.splice(0);
      // Said while the lines before were being taken.
      if (this.#queue.length > 0) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** Some bytes as a file of the network: its id and its chunk hashes. */
export function contentOf(bytes: Uint8Array) {
  const hashes = Array.from({ length: Math.ceil(bytes.length / CHUNK_SIZE) }, (_, i) =>
    blake3(bytes.subarray(i * CHUNK_SIZE, (i + 1) * CHUNK_SIZE)),
  );
  return { contentId: toHex(blake3(bytes)), size: bytes.length, hashes: concatBytes(...hashes) };
}

/** A folder for one test file's files. */
export async function workFolder() {
  const root = await mkdtemp(join(tmpdir(), 'granary-transport-'));
  let count = 0;
  return {
    root,
    /** Writes the bytes to a fresh file. */
    async file(bytes: Uint8Array): Promise<string> {
      const path = join(root, `file-${count++}`);
      await writeFile(path, bytes);
      return path;
    },
    size: async (path: string) => (await stat(path)).size,
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
