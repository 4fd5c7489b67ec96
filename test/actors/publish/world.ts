import { readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { GoneSource, HashedSource, ShareSource } from '../../../src/actors/content-types.ts';
import type { HashEvent } from '../../../src/actors/hashing/contract.ts';
import publish from '../../../src/actors/publish/actor.ts';
import { publishConfig } from '../../../src/actors/publish/config.ts';
import type { PublishContext } from '../../../src/actors/publish/context.ts';
import type {
  PublishEvent,
  PublishProgress,
  PublishRequest,
  PublishResult,
  publishContract,
} from '../../../src/actors/publish/contract.ts';
import type { OwnShare, Revision } from '../../../src/actors/share-types.ts';
import type { storeContract } from '../../../src/actors/store/contract.ts';
import type { WireReply } from '../../../src/actors/wire-request.ts';
import { failure } from '../../../src/errors.ts';
import { blake3 } from '../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import { type ErrorRecord, toErrorRecord } from '../../../src/supervisor/contract/actor-error.ts';
import { type Clock, systemClock } from '../../../src/supervisor/contract/clock.ts';
import type { MessagesOf, ReplyOf } from '../../../src/supervisor/contract/contract.ts';

type PublishBehaviour = Behaviour<MessagesOf<typeof publishContract>>;
type Sources = ReplyOf<(typeof storeContract)['messages']['sourcesOf']>;

interface HeldShare {
  own: OwnShare;
  revision: Revision | null;
  sources: Sources;
}

export const key = (seed: number) => keyPairFromSeed(new Uint8Array(32).fill(seed));
export const nodeKey = toHex(key(200).publicKey);

/** The actor with a folder of real files, a store that keeps what it is given and a hashing that can be disturbed. */
export class World {
  /** What the DHT was told. */
  readonly toldDht: unknown[][] = [];
  readonly folder: string;
  readonly behaviour: PublishBehaviour;
  readonly shares = new Map<string, HeldShare>();
  readonly lists = new Map<string, Uint8Array>();
  readonly puts: number[] = [];
  readonly journal = new Map<string, ShareSource>();
  /** What the store was asked, in order. */
  readonly asked: string[] = [];
  readonly hashed: string[] = [];
  /** What the store was told of as gone, and what came back. */
  gone: readonly GoneSource[] = [];
  readonly back: string[] = [];
  readonly infos: string[] = [];
  readonly warnings: string[] = [];
  readonly metrics = new Map<string, number>();
  /** Called before a file is hashed; an error it gives is what becomes of the file. */
  beforeHash: (path: string) => ErrorRecord | null | Promise<null> = () => null;
  /** Thrown by the store instead of an answer. */
  storeFails: { readonly name: string; readonly error: Error } | null = null;
  advertised: readonly string[] | Error = ['tcp://192.0.2.7:7001', 'tcp://[2001:db8::7]:7001'];
  /** What others have seen of a share. */
  seen: () => { seq: number | null } = () => ({ seq: null });
  /** Items above which a list is too long, whatever the limits say. */
  tooLong = Number.POSITIVE_INFINITY;
  now = 1_000;

  readonly #stopping = new AbortController();

  private constructor(folder: string, clock: Clock) {
    this.folder = folder;
    this.behaviour = publish.start(this.#context(clock)) as PublishBehaviour;
  }

  static async start(clock: Clock = systemClock): Promise<World> {
    return new World(await mkdtemp(join(tmpdir(), 'granary-publish-')), clock);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await rm(this.folder, { recursive: true, force: true });
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  async write(name: string, bytes: Uint8Array | string = name): Promise<string> {
    const path = this.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    return path;
  }

  stream(
    request: Partial<PublishRequest> & Pick<PublishRequest, 'paths'>,
    signal = new AbortController().signal,
  ) {
    const whole = { title: null, public: null, tags: null, share: null, watch: null, ...request };
    return this.behaviour.handlers.publish(whole, {
      signal,
      remainingMs: () => 60_000,
    }) as AsyncGenerator<PublishEvent>;
  }

  async publish(
    request: Partial<PublishRequest> & Pick<PublishRequest, 'paths'>,
    signal?: AbortSignal,
  ): Promise<PublishResult & { readonly progress: readonly PublishProgress[] }> {
    const progress: PublishProgress[] = [];
    let result: PublishResult | null = null;
    for await (const event of this.stream(request, signal)) {
      if (event.kind === 'progress') progress.push(event.progress);
      else result = event.result;
    }
    if (result === null) throw new Error('the publish ended without a result');
    return { ...result, progress };
  }

  /** Paths inside the share, in its order. */
  inside(name: string): readonly string[] {
    return this.shares.get(name)!.revision!.items.map((item) => item.path ?? item.name);
  }

  async wire(type: number, payload: Uint8Array, dialect: Dialect = DIALECT_2): Promise<WireReply> {
    return await this.behaviour.handlers.wire(
      { type, payload, peer: { nodeKey, dialect } },
      { signal: new AbortController().signal, remainingMs: () => 3_000 },
    );
  }

  addShare(seed: number, change: Partial<OwnShare>): OwnShare {
    const { publicKey } = key(seed);
    const own: OwnShare = {
      shareId: toHex(shareIdOf(publicKey)),
      shareKey: toHex(publicKey),
      name: `share ${seed}`,
      title: null,
      public: false,
      seq: 0,
      manifestId: null,
      items: 0,
      bytes: 0,
      updatedAt: 0,
      roots: [],
      tags: [],
      volumes: 0,
      watch: false,
      unsure: false,
      ...change,
    };
    this.shares.set(own.name, { own, revision: null, sources: [] });
    return own;
  }

  volumesOf(name: string): readonly HeldShare[] {
    return [...this.shares.values()].filter(({ own }) => own.name.startsWith(`${name}/`) && own.seq > 0);
  }

  #byId(shareId: string): HeldShare {
    const found = [...this.shares.values()].find(({ own }) => own.shareId === shareId);
    if (!found) throw failure('E_NOT_FOUND', 'no share of this node');
    return found;
  }

  async #store(name: string, request: never): Promise<unknown> {
    this.asked.push(name);
    if (this.storeFails?.name === name) throw this.storeFails.error;
    switch (name) {
      case 'identity':
        return { nodeKey };
      case 'ownShares':
        return [...this.shares.values()]
          .map(({ own }) => ({ ...own, volumes: this.volumesOf(own.name).length }))
          .filter(({ name: own }) => !own.includes('/'));
      case 'openShare': {
        const { name: wanted } = request as { name: string };
        return this.shares.get(wanted)?.own ?? this.addShare(this.shares.size + 1, { name: wanted });
      }
      case 'sourcesOf':
        return this.#byId((request as { shareId: string }).shareId).sources;
      case 'keepHashed': {
        const hashed = request as HashedSource[];
        this.puts.push(hashed.length);
        for (const { contentId, hashes, ...source } of hashed) {
          // One chunk needs no list.
          if (hashes.length > 32) this.lists.set(contentId, hashes);
          const more = { contentId, inside: null, chunkCount: hashes.length / 32, hashed: true };
          this.journal.set(source.path, { ...source, ...more });
        }
        return null;
      }
      case 'journaled':
        return (request as { paths: string[] }).paths.flatMap((path) => this.journal.get(path) ?? []);
      case 'openVolume': {
        const { shareId, volume } = request as { shareId: string; volume: number };
        const name = `${this.#byId(shareId).own.name}/${volume}`;
        return this.shares.get(name)?.own ?? this.addShare(100 + this.shares.size, { name });
      }
      case 'ownVolumes': {
        const { name } = this.#byId((request as { shareId: string }).shareId).own;
        return this.volumesOf(name).map(({ own }) => ({
          ...own,
          volume: Number(own.name.slice(name.length + 1)),
        }));
      }
      case 'goneSources': {
        const { after } = request as { after: { path: string } | null };
        return after === null ? this.gone : [];
      }
      case 'sourcesBack':
        this.back.push(...(request as { path: string }[]).map(({ path }) => path));
        return null;
      case 'unshare': {
        const { shareId } = request as { shareId: string };
        const { own } = this.#byId(shareId);
        this.shares.delete(own.name);
        return { name: own.name, items: 1 };
      }
      case 'commitRevision':
        return this.#commit(request as Revision);
      default:
        throw new Error(`the store was asked for ${name}`);
    }
  }

  #commit(revision: Revision) {
    if (revision.items.length > this.tooLong) throw failure('E_SHARE_TOO_LARGE', 'its list is too long');
    const held = this.#byId(revision.shareId);
    const saying = (of: Revision | null) =>
      JSON.stringify([of?.title, of?.public, of?.items, of?.recommended]);
    const catalog = saying(revision);
    const changed = catalog !== saying(held.revision);
    const seq = held.own.seq + (changed ? 1 : 0);
    const { title, tags, roots, watch } = revision;
    const manifestId = toHex(blake3(Buffer.from(catalog)));
    held.own = {
      ...held.own,
      title,
      roots,
      tags,
      watch,
      public: revision.public,
      seq,
      manifestId,
      updatedAt: this.now,
    };
    for (const { path } of revision.sources) this.journal.delete(path);
    held.revision = revision;
    const items = new Map(revision.items.map((item) => [item.contentId, item]));
    held.sources = revision.sources.map((source) => {
      const { chunkCount, chunkListHash } = items.get(source.contentId)!;
      return { ...source, chunkCount, chunkListHash, hashed: true };
    });
    return { seq, manifestId, changed };
  }

  async *#hash(paths: readonly string[], signal: AbortSignal | undefined): AsyncGenerator<HashEvent> {
    let bytes = 0;
    for (const [index, path] of paths.entries()) {
      const error = await this.beforeHash(path);
      if (signal?.aborted) throw signal.reason;
      if (error !== null) {
        yield { kind: 'failed', index, error };
        continue;
      }
      this.hashed.push(path);
      let content: Uint8Array;
      try {
        content = readFileSync(path);
      } catch (thrown) {
        yield { kind: 'failed', index, error: toErrorRecord(failure('E_IO', 'no', { cause: thrown })) };
        continue;
      }
      bytes += content.length;
      yield { kind: 'files', files: [{ index, ...hashesOf(content), ...lookOf(path) }] };
      yield { kind: 'progress', bytes };
    }
  }

  #context(clock: Clock): PublishContext {
    const ref = (answer: (name: string, request: never) => Promise<unknown>) => ({
      ask: async (name: string, request: never, { signal }: { signal?: AbortSignal } = {}) => {
        if (signal?.aborted) throw failure('E_ABORTED', 'the call was cancelled');
        return await answer(name, request);
      },
    });
    return {
      name: 'publish',
      member: 0,
      epoch: 1,
      config: publishConfig.parse({}),
      clock,
      log: {
        debug() {},
        info: (_: object, text: string) => void this.infos.push(text),
        error() {},
        warn: (_: object, text: string) => void this.warnings.push(text),
      },
      metrics: {
        add: (name: string, by: number) => void this.metrics.set(name, (this.metrics.get(name) ?? 0) + by),
        set: (name: string, value: number) => void this.metrics.set(name, value),
        get: () => 0,
      },
      signal: this.#stopping.signal,
      spawn: (work: () => Promise<void>) => void work().catch(() => {}),
      refs: {
        store: ref((name, request) => this.#store(name, request)),
        sync: ref(async () => this.seen()),
        dht: { tell: (...told: unknown[]) => this.toldDht.push(told) > 0 },
        acceptor: ref(async () => {
          if (this.advertised instanceof Error) throw this.advertised;
          return { bound: [], advertised: this.advertised };
        }),
        hashing: {
          stream: (_: string, { paths }: { paths: string[] }, { signal }: { signal?: AbortSignal } = {}) =>
            this.#hash(paths, signal),
        },
      },
    } as unknown as PublishContext;
  }
}

export function hashesOf(content: Uint8Array) {
  const hashes = new Uint8Array(Math.ceil(content.length / CHUNK_SIZE) * 32);
  for (let at = 0; at < content.length; at += CHUNK_SIZE) {
    hashes.set(blake3(content.subarray(at, at + CHUNK_SIZE)), (at / CHUNK_SIZE) * 32);
  }
  return { contentId: toHex(blake3(content)), hashes, chunkListHash: toHex(blake3(hashes)) };
}

export function lookOf(path: string) {
  const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
  return { size: Number(size), mtimeNs, ctimeNs, inode: ino };
}
