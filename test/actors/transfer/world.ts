import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HeldFile, Lease } from '../../../src/actors/content-types.ts';
import type { CheckEvent, FilePart, HashEvent } from '../../../src/actors/hashing/contract.ts';
import type { StoredFile, StoredTransfer } from '../../../src/actors/ledger-types.ts';
import type { ItemRow } from '../../../src/actors/share-types.ts';
import transfer from '../../../src/actors/transfer/actor.ts';
import { transferConfig } from '../../../src/actors/transfer/config.ts';
import type { TransferContext } from '../../../src/actors/transfer/context.ts';
import type {
  DownloadEvent,
  DownloadProgress,
  DownloadResult,
  RecheckProgress,
  RecheckRequest,
  RecheckResult,
  transferContract,
} from '../../../src/actors/transfer/contract.ts';
import type { PeerTarget } from '../../../src/actors/transport/contract.ts';
import { failure } from '../../../src/errors.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { chunkCount } from '../../../src/protocol/objects/chunks.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { type Clock, systemClock } from '../../../src/supervisor/contract/clock.ts';
import type { MessagesOf, ReplyOf, RequestOf } from '../../../src/supervisor/contract/contract.ts';
import { checkNow, hashFile } from './hash-file.ts';
import { RecheckLedger } from './recheck/ledger.ts';
import { hashesOf, ScriptedProvider } from './scripted-provider.ts';

export const SHARE = 'ab'.repeat(32);
export const A = 'tcp://127.0.0.1:7001';
export const B = 'tcp://127.0.0.2:7001';
export const C = 'tcp://127.0.0.3:7001';

export const idOf = (bytes: Uint8Array): string => toHex(blake3(bytes));

/** Octets that compress to nothing and are the same in every run. */
export function content(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed * 2_654_435_761 + 1;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** The actor with a real folder, really hashed files, and providers that do what they are told. */
export class World implements AsyncDisposable {
  /** Addresses that the DHT knows. */
  inDht: readonly string[] = [];
  readonly root: string;
  readonly providers = new Map<string, ScriptedProvider>();
  readonly items: ItemRow[] = [];
  readonly leases = new Map<string, Lease>();
  stopping = new AbortController();
  /** The ledger: outlives the lives of the actor. */
  readonly transfers = new Map<string, StoredTransfer>();
  readonly files = new Map<string, Map<number, StoredFile>>();
  /** What the store was told to serve. */
  readonly held: HeldFile[] = [];
  readonly hashLists = new Map<string, Uint8Array>();
  /** Unfinished files that were hashed chunk by chunk. */
  readonly verified: string[] = [];
  /** What is held here, and what rechecks make of it. */
  readonly rechecks = new RecheckLedger();
  /** Before parts of files are read. */
  beforeCheck: (parts: readonly FilePart[], gentle: boolean) => void | Promise<void> = () => {};
  afterCheck: (event: CheckEvent) => CheckEvent = (event) => event;
  /** Before the ledger is written; may throw. */
  beforeNote: () => void | Promise<void> = () => {};
  /** Before the store learns of finished files. */
  beforeHold: () => void | Promise<void> = () => {};
  #dead = new AbortController();
  readonly #spawned: Promise<void>[] = [];
  readonly metrics = new Map<string, number>();
  readonly routed: string[] = [];
  readonly identified: string[] = [];
  /** Peers of the share's subscription; null: an own share. */
  peers: readonly string[] | null = [A];
  /** Where its manifest came from. */
  source: string | null = null;
  /** Sessions of the transport. */
  connected: { direction: 'in' | 'out'; address: string; nodeKey: string }[] = [];
  /** Before a file is identified. */
  beforeIdentify: (path: string) => void | Promise<void> = () => {};
  clock: Clock = systemClock;
  config: Parameters<typeof transferConfig.parse>[0] = {};
  #behaviour: Promise<unknown> | null = null;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'granary-transfer-')));
  }

  get out(): string {
    return join(this.root, 'out');
  }

  provider(address = A): ScriptedProvider {
    const provider = this.providers.get(address) ?? new ScriptedProvider(address);
    this.providers.set(address, provider);
    return provider;
  }

  /** Lists a file in the share; `provider(A)` has it. */
  share(path: string | null, bytes: Uint8Array, change: Partial<ItemRow> = {}): ItemRow {
    const item: ItemRow = {
      shareId: SHARE,
      contentId: idOf(bytes),
      size: bytes.length,
      name: path?.split('/').at(-1) ?? 'unnamed',
      path,
      mime: null,
      tags: [],
      chunkCount: chunkCount(bytes.length),
      chunkListHash: toHex(blake3(hashesOf(bytes))),
      ...change,
    };
    this.items.push(item);
    this.provider(A).put(bytes);
    return item;
  }

  /** The actor, started when it is first needed. */
  get behaviour(): Promise<Behaviour<MessagesOf<typeof transferContract>>> {
    this.#behaviour ??= Promise.resolve(transfer.start(this.#context()));
    return this.#behaviour as Promise<Behaviour<MessagesOf<typeof transferContract>>>;
  }

  async *start(
    target = SHARE,
    signal = new AbortController().signal,
    directory = this.out,
  ): AsyncGenerator<DownloadEvent, void, undefined> {
    const call = { signal, remainingMs: () => Number.POSITIVE_INFINITY };
    yield* (await this.behaviour).handlers.download({ target, directory }, call);
  }

  /** A recheck to its end. */
  async verify(
    request: Partial<RecheckRequest> = {},
    signal = new AbortController().signal,
  ): Promise<RecheckResult & { progress: RecheckProgress[] }> {
    const progress: RecheckProgress[] = [];
    const call = { signal, remainingMs: () => Number.POSITIVE_INFINITY };
    const whole = { shareId: null, repair: false, forget: false, ...request };
    for await (const event of (await this.behaviour).handlers.recheck(whole, call)) {
      if (event.kind === 'done') return { ...event.result, progress };
      progress.push(event.progress);
    }
    throw new Error('the stream ended without a result');
  }

  /** One of the questions about transfers. */
  async ask<K extends 'add' | 'queue' | 'pause' | 'resume' | 'cancel' | 'rechecks' | 'cancelRechecks'>(
    name: K,
    request: RequestOf<MessagesOf<typeof transferContract>[K]>,
  ): Promise<ReplyOf<MessagesOf<typeof transferContract>[K]>> {
    const handler = (await this.behaviour).handlers[name] as (request: unknown) => never;
    return await handler(request);
  }

  /** Orderly end of this life of the actor. */
  async stop(): Promise<void> {
    const behaviour = await this.behaviour;
    await behaviour.quiesce?.();
    this.stopping.abort(new ActorError('E_ABORTED', 'transfer stops'));
    await behaviour.stop?.();
    await Promise.all(this.#spawned.splice(0));
    this.#behaviour = null;
    this.stopping = new AbortController();
  }

  /** As kill -9 would: nothing of what is under way is written down any more. The next use is another life. */
  async kill(): Promise<void> {
    this.#dead.abort();
    this.#dead = new AbortController();
    this.stopping.abort(new ActorError('E_ABORTED', 'killed'));
    await Promise.allSettled(this.#spawned.splice(0));
    this.#behaviour = null;
    this.stopping = new AbortController();
  }

  async get(
    target = SHARE,
    signal?: AbortSignal,
  ): Promise<DownloadResult & { progress: DownloadProgress[] }> {
    const progress: DownloadProgress[] = [];
    for await (const event of this.start(target, signal)) {
      if (event.kind === 'done') return { ...event.result, progress };
      progress.push(event.progress);
    }
    throw new Error('the stream ended without a result');
  }

  /** Content ids of the files below a folder; of what is neither file nor folder, a word. */
  async tree(folder = this.out): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(folder.length + 1);
      if (entry.isFile()) found[name] = idOf(await readFile(path));
      else if (!entry.isDirectory()) found[name] = 'neither';
    }
    return found;
  }

  /** What the share lists, as `tree` would show it. */
  get listed(): Record<string, string> {
    return Object.fromEntries(this.items.map(({ path, name, contentId }) => [path ?? name, contentId]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopping.abort(new ActorError('E_ABORTED', 'the test is over'));
    await Promise.allSettled(this.#spawned);
    await rm(this.root, { recursive: true, force: true });
  }

  async #store(name: string, request: never): Promise<unknown> {
    const asked = (request ?? {}) as { target: string; shareId: string; contentId: string };
    switch (name) {
      case 'resolve':
        return { items: await this.#resolve(asked.target), next: null };
      case 'subscription':
        return this.peers === null
          ? null
          : { shareId: asked.shareId, peers: this.peers, source: this.source };
      case 'leases':
        return (asked as unknown as { contentIds: string[] }).contentIds.flatMap(
          (contentId) => this.leases.get(contentId) ?? [],
        );
      case 'holdFiles':
        await this.beforeHold();
        this.held.push(...(request as HeldFile[]));
        for (const file of request as HeldFile[]) this.rechecks.held(file);
        return null;
      case 'hashList':
        return this.hashLists.get(asked.contentId) ?? null;
      case 'keepHashLists':
        for (const { contentId, hashes } of request as { contentId: string; hashes: Uint8Array }[])
          this.hashLists.set(contentId, hashes);
        return null;
      default:
        if (this.rechecks.knows(name)) return await this.rechecks.answer(name, structuredClone(request));
        return await this.#ledger(name, structuredClone(request));
    }
  }

  async #ledger(name: string, request: never): Promise<unknown> {
    switch (name) {
      case 'transfers':
        return [...this.transfers.values()];
      case 'putTransfer': {
        const stored = request as StoredTransfer;
        this.transfers.set(stored.id, stored);
        if (stored.state === 'done') this.files.delete(stored.id);
        return null;
      }
      case 'planTransfer': {
        const { transfer: stored, files } = request as { transfer: StoredTransfer; files: StoredFile[] };
        this.transfers.set(stored.id, stored);
        this.files.set(stored.id, new Map(files.map((file) => [file.position, file])));
        return null;
      }
      case 'transferFiles':
        return [...(this.files.get((request as { id: string }).id)?.values() ?? [])];
      case 'noteProgress': {
        await this.beforeNote();
        const { id, files, bytes, changed } = request as {
          id: string;
          files: number;
          bytes: number;
          changed: StoredFile[];
        };
        const stored = this.transfers.get(id);
        if (stored) this.transfers.set(id, { ...stored, files, bytes });
        const rows = this.files.get(id);
        for (const file of changed) rows?.set(file.position, { ...rows.get(file.position)!, ...file });
        return null;
      }
      case 'dropTransfer': {
        const { id } = request as { id: string };
        this.transfers.delete(id);
        this.files.delete(id);
        return null;
      }
      default:
        throw new Error(`the store was asked for ${name}`);
    }
  }

  #resolve(target: string): ItemRow[] {
    const [head, ...rest] = target.split('/');
    const path = rest.join('/').replace(/\/+$/, '');
    const inShare = this.items.filter(({ shareId }) => shareId === head);
    if (path === '')
      return inShare.length > 0 ? inShare : this.items.filter(({ contentId }) => contentId === head);
    return inShare.filter((item) => item.path === path || item.path?.startsWith(`${path}/`));
  }

  async #hashing(name: string, { path }: { path: string }): Promise<unknown> {
    if (name !== 'identify') throw new Error(`hashing was asked for ${name}`);
    this.identified.push(path);
    await this.beforeIdentify(path);
    const bytes = await readFile(path).catch(() => {
      throw failure('E_NOT_FOUND', 'gone', { subject: path });
    });
    return { contentId: idOf(bytes), size: bytes.length };
  }

  async *#checkAll(
    { parts, gentle }: { parts: readonly FilePart[]; gentle: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<CheckEvent, void, undefined> {
    await this.beforeCheck(parts, gentle);
    for (const [index, part] of parts.entries()) {
      signal.throwIfAborted();
      yield this.afterCheck(checkNow(index, part));
    }
  }

  async *#hashAll(paths: readonly string[]): AsyncGenerator<HashEvent, void, undefined> {
    this.verified.push(...paths);
    for (const [index, path] of paths.entries())
      yield { kind: 'files', files: [await hashFile(index, path)] };
  }

  #shard(key: string | null) {
    if (key !== null) this.routed.push(key);
    const of = ({ address, also = [] }: PeerTarget) => {
      const place = [address, ...also].find((each) => this.providers.has(each)) ?? address;
      const provider = this.providers.get(place);
      if (provider === undefined)
        throw failure('E_PEER_UNREACHABLE', 'connection refused', { subject: address });
      return provider;
    };
    return {
      ask: (name: string, request: never, { signal }: { signal?: AbortSignal } = {}) => {
        const answer = async () => {
          if (name === 'dialled') return this.connected.filter(({ direction }) => direction === 'out');
          if (name === 'connect') return of(request as PeerTarget).connect();
          const { peer, type, payload } = request as { peer: PeerTarget; type: number; payload: Uint8Array };
          return of(peer).request(type, payload);
        };
        return cancellable(answer(), signal);
      },
      stream: (
        _: string,
        { peer, files }: { peer: PeerTarget; files: never },
        { signal }: { signal: AbortSignal },
      ) => pulled(of(peer).fetch(files, signal), signal),
    };
  }

  #context(): TransferContext {
    const ref = (answer: (name: string, request: never) => Promise<unknown>) => ({
      ask: (name: string, request: never, { signal }: { signal?: AbortSignal } = {}) => {
        if (dead.aborted) return new Promise(() => {});
        return cancellable(answer(name, request), signal);
      },
      stream: (name: string, request: never, { signal }: { signal: AbortSignal }) => {
        if (name === 'checkParts') return pulled(this.#checkAll(request, signal), signal);
        return this.#hashAll((request as { paths: readonly string[] }).paths);
      },
    });
    const dead = this.#dead.signal;
    return {
      name: 'transfer',
      member: 0,
      epoch: 1,
      config: transferConfig.parse(this.config),
      clock: this.clock,
      log: { debug() {}, info() {}, warn() {}, error() {} },
      metrics: {
        add: (name: string, amount: number) =>
          void this.metrics.set(name, (this.metrics.get(name) ?? 0) + amount),
        set() {},
        get: () => 0,
      },
      signal: this.stopping.signal,
      spawn: (work: () => Promise<void>) => void this.#spawned.push(work().catch(() => {})),
      refs: {
        store: ref((name, request) => this.#store(name, request)),
        hashing: ref((name, request) => this.#hashing(name, request)),
        dht: ref(async () => ({ providers: this.inDht })),
        transport: {
          size: 1,
          member: () => this.#shard(null),
          route: (key: string) => this.#shard(key),
        },
      },
    } as unknown as TransferContext;
  }
}

/** As the kernel's refs do: an abort settles the call at once. */
function cancellable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(failure('E_ABORTED', 'the call was cancelled'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', abort));
  });
}

/** So are streams: the consumer is free at once, the producer ends in its own time. */
async function* pulled<T>(
  source: AsyncGenerator<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(failure('E_ABORTED', 'the call was cancelled')));
  });
  aborted.catch(() => {});
  try {
    for (;;) {
      const next = await Promise.race([source.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    void source.return(undefined).catch(() => {});
  }
}
