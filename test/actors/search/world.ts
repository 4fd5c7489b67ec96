import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import search from '../../../src/actors/search/actor.ts';
import { searchConfig } from '../../../src/actors/search/config.ts';
import type { SearchContext } from '../../../src/actors/search/context.ts';
import type { SearchQuery, Stemming, searchContract } from '../../../src/actors/search/contract.ts';
import type { Subscription } from '../../../src/actors/share-types.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed } from '../../../src/protocol/crypto/ed25519.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import {
  encodeManifest,
  type ManifestItem,
  manifestId,
  signManifest,
} from '../../../src/protocol/objects/manifest.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import type { MessagesOf } from '../../../src/supervisor/contract/contract.ts';

export type ItemInput = string | (Partial<ManifestItem> & { name: string });

export function item(input: ItemInput, i = 0): ManifestItem {
  const given = typeof input === 'string' ? { name: input } : input;
  return {
    contentId: new Uint8Array(32).fill(i & 255),
    size: 1,
    path: null,
    mime: null,
    tags: [],
    chunkCount: 1,
    chunkListHash: new Uint8Array(32),
    ...given,
  };
}

/** A store that holds what it is given, as the search sees it. It outlives the lives of the actor. */
export class Home {
  readonly path: string;
  readonly subscriptions = new Map<string, Subscription>();
  readonly manifests = new Map<string, Uint8Array>();
  manifestsRead = 0;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Home> {
    return new Home(await mkdtemp(join(tmpdir(), 'granary-search-')));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  /** The next revision of share number `seed`. */
  share(seed: number, items: readonly ItemInput[], change: Partial<Subscription> = {}): string {
    const key = keyPairFromSeed(new Uint8Array(32).fill(seed));
    const shareId = toHex(shareIdOf(key.publicKey));
    const seq = (this.subscriptions.get(shareId)?.seq ?? 0) + 1;
    const manifest = signManifest(key, {
      version: 1,
      seq: BigInt(seq),
      createdAt: 1n,
      expiresAt: null,
      title: change.title ?? null,
      description: change.description ?? null,
      visibility: 'public',
      communities: [],
      items: items.map(item),
      recommendedShares: [],
    });
    const id = toHex(manifestId(manifest));
    this.manifests.set(id, encodeManifest(manifest));
    this.subscriptions.set(shareId, {
      shareId,
      shareKey: toHex(key.publicKey),
      trust: 'normal',
      weight: 1,
      peers: [],
      title: null,
      description: null,
      seq,
      manifestId: id,
      source: null,
      volumes: [],
      root: null,
      items: items.length,
      bytes: items.length,
      lastSync: null,
      lastError: null,
      ...change,
    });
    return shareId;
  }
}

/** One life of the actor. */
export class Life {
  readonly metrics = new Map<string, number>();
  readonly #stopping = new AbortController();
  readonly #spawned: Promise<void>[] = [];
  readonly behaviour: Behaviour<MessagesOf<typeof searchContract>>;
  readonly call = { signal: new AbortController().signal, remainingMs: () => 60_000 };

  private constructor(behaviour: (life: Life) => Behaviour<MessagesOf<typeof searchContract>>) {
    this.behaviour = behaviour(this);
  }

  /** Resolves once everything is opened or built. */
  static async start(home: Home, config: { stemming?: Stemming } = {}): Promise<Life> {
    const life = await Life.begin(home, config);
    await life.settled();
    return life;
  }

  /** Resolves at once. */
  static async begin(home: Home, config: { stemming?: Stemming } = {}): Promise<Life> {
    return new Life(
      (self) => search.start(self.#context(home, config)) as Behaviour<MessagesOf<typeof searchContract>>,
    );
  }

  async settled(): Promise<void> {
    while (this.#spawned.length > 0) await this.#spawned.shift();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async page(query: string, change: Partial<SearchQuery> = {}) {
    const request = {
      query,
      shares: [],
      trust: [],
      limit: 20,
      offset: 0,
      cursor: null,
      asTyped: false,
      ...change,
    };
    return await this.behaviour.handlers.search(request, this.call);
  }

  async names(query: string, change: Partial<SearchQuery> = {}): Promise<string[]> {
    return (await this.page(query, change)).hits.map(({ name }) => name);
  }

  async stemBy(stemming: Stemming): Promise<void> {
    await this.behaviour.handlers.configure({ stemming }, this.call);
  }

  async refresh(shareId: string): Promise<number> {
    return (await this.behaviour.handlers.refresh({ shareId }, this.call)).items;
  }

  #context(home: Home, config: { stemming?: Stemming }): SearchContext {
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const answer = async (name: string, request: { shareId: string; manifestId: string }) => {
      if (name === 'subscriptions') return [...home.subscriptions.values()];
      if (name === 'subscription') return home.subscriptions.get(request.shareId) ?? null;
      if (name !== 'manifest') throw new Error(`the store was asked for ${name}`);
      home.manifestsRead++;
      return home.manifests.get(request.manifestId) ?? null;
    };
    return {
      name: 'search',
      member: 0,
      epoch: 1,
      config: searchConfig.parse({ home: home.path, ...config }),
      clock: systemClock,
      log,
      metrics: {
        add() {},
        set: (name: string, value: number) => void this.metrics.set(name, value),
        get: () => 0,
      },
      signal: this.#stopping.signal,
      spawn: (work: () => Promise<void>) => void this.#spawned.push(work()),
      refs: { store: { ask: answer } },
    } as unknown as SearchContext;
  }
}
