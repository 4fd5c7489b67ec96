import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blake3 as portableBlake3 } from '@noble/hashes/blake3.js';
import hashing from '../../../src/actors/hashing/actor.ts';
import { hashingConfig } from '../../../src/actors/hashing/config.ts';
import type { HashingContext } from '../../../src/actors/hashing/context.ts';
import type { HashEvent, HashedFile, hashingContract } from '../../../src/actors/hashing/contract.ts';
import { blake3 as fastBlake3 } from '../../../src/protocol/crypto/blake3.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { CHUNK_SIZE } from '../../../src/protocol/objects/chunks.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import type { ErrorRecord } from '../../../src/supervisor/contract/actor-error.ts';
import { type Clock, systemClock } from '../../../src/supervisor/contract/clock.ts';
import type { MessagesOf } from '../../../src/supervisor/contract/contract.ts';
import { LifeSlab } from '../../../src/supervisor/memory/life-slab.ts';
import { SlabKeeper } from '../../../src/supervisor/memory/slab-keeper.ts';

type HashingBehaviour = Behaviour<MessagesOf<typeof hashingContract>>;

/** What came of a whole stream. */
export interface Hashed {
  readonly files: ReadonlyMap<number, HashedFile>;
  readonly failed: ReadonlyMap<number, ErrorRecord>;
  readonly progress: readonly number[];
  readonly events: readonly HashEvent[];
}

export function contextOf(config: object, clock: Clock = systemClock) {
  const metrics = new Map<string, number>();
  const warnings: string[] = [];
  const bugs: unknown[] = [];
  const stopping = new AbortController();
  const context: HashingContext = {
    name: 'hashing',
    member: 0,
    epoch: 1,
    config: hashingConfig.parse(config),
    clock,
    refs: {},
    slab: new LifeSlab(new SlabKeeper().begin()),
    log: {
      debug() {},
      info() {},
      warn: (_, message) => void warnings.push(message),
      error() {},
    },
    metrics: {
      add: (name, amount) => void metrics.set(name, (metrics.get(name) ?? 0) + amount),
      set() {},
      get: (name) => metrics.get(name) ?? 0,
    },
    signal: stopping.signal,
    spawn: (work) =>
      void work().catch((error) => {
        if (!stopping.signal.aborted) bugs.push(error);
      }),
  };
  return { context, metrics, warnings, bugs, stopping };
}

/** The actor with threads of its own and a folder for files. */
export class World {
  readonly folder: string;
  readonly behaviour: HashingBehaviour;
  readonly metrics: Map<string, number>;
  readonly warnings: string[];
  readonly bugs: unknown[];
  readonly #stopping: AbortController;

  private constructor(folder: string, behaviour: HashingBehaviour, parts: ReturnType<typeof contextOf>) {
    this.folder = folder;
    this.behaviour = behaviour;
    this.metrics = parts.metrics;
    this.warnings = parts.warnings;
    this.bugs = parts.bugs;
    this.#stopping = parts.stopping;
  }

  static async start(threads: number, clock?: Clock): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'granary-hashing-'));
    const parts = contextOf({ threads }, clock);
    return new World(folder, await hashing.start(parts.context), parts);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.behaviour.stop?.();
    await rm(this.folder, { recursive: true, force: true });
  }

  async write(name: string, bytes: Uint8Array): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, bytes);
    return path;
  }

  stream(paths: readonly string[], signal: AbortSignal = new AbortController().signal) {
    return this.behaviour.handlers.hashFiles({ paths }, { signal, remainingMs: () => 60_000 });
  }

  async hash(paths: readonly string[], signal?: AbortSignal): Promise<Hashed> {
    return collect(this.stream(paths, signal));
  }

  async identify(path: string, signal: AbortSignal = new AbortController().signal) {
    return await this.behaviour.handlers.identify({ path }, { signal, remainingMs: () => 60_000 });
  }
}

export async function collect(stream: AsyncIterable<HashEvent>): Promise<Hashed> {
  const files = new Map<number, HashedFile>();
  const failed = new Map<number, ErrorRecord>();
  const progress: number[] = [];
  const events: HashEvent[] = [];
  for await (const event of stream) {
    events.push(event);
    if (event.kind === 'progress') progress.push(event.bytes);
    else if (event.kind === 'failed') failed.set(event.index, event.error);
    else for (const file of event.files) files.set(file.index, file);
  }
  return { files, failed, progress, events };
}

/** What the protocol says of the bytes; by the portable hash, as long as that does not take for ever. */
export function expected(bytes: Uint8Array) {
  const blake3 = bytes.length > 1 << 20 ? fastBlake3 : portableBlake3;
  const hashes = new Uint8Array(Math.ceil(bytes.length / CHUNK_SIZE) * 32);
  for (let at = 0; at < bytes.length; at += CHUNK_SIZE) {
    hashes.set(blake3(bytes.subarray(at, at + CHUNK_SIZE)), (at / CHUNK_SIZE) * 32);
  }
  return {
    contentId: toHex(blake3(bytes)),
    size: bytes.length,
    hashes,
    chunkListHash: toHex(blake3(hashes)),
  };
}

/** Bytes that no two places share, quick to make. */
export function pattern(length: number, seed = 1): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}
