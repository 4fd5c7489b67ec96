import { encodeWith } from '../../protocol/cbor/codec.ts';
import { fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../protocol/dialect.ts';
import { manifestKey, providersKey, shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { MAX_DHT_VALUE } from '../../protocol/objects/dht-value.ts';
import { providers } from '../../protocol/objects/providers.ts';
import { FIND_VALUE } from '../../protocol/wire/message-types.ts';
import { decodeReply, encodeRequest } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { OwnAddresses } from '../own-addresses.ts';
import type { OwnShare } from '../share-types.ts';
import { type DhtContext, unixNow } from './context.ts';
import { ownRecord } from './own-record.ts';
import type { RoutingTable } from './routing-table.ts';
import type { ValueGiver } from './value-giver.ts';

/** Values live a day; they are given again after half of it. */
const TTL_SECONDS = 86_400;
const AGAIN_MS = 12 * 3_600_000;
/** Where too few took it: the node has just begun, or is alone. */
const FEW = 3;
const SOON_MS = 5 * 60_000;
/** From one value to the next: no share floods its neighbours. */
const SPACING_MS = 500;
/** Shares and volumes that are looked after. */
const MAX_SHARES = 65_536;

interface Published {
  readonly manifestId: string;
  readonly at: number;
  readonly replicas: number;
}

/**
 * Gives the network what is newest of own shares: manifest (where it fits in a value), then head, then who has them. In the
 * background, one after the other; again after half a day, and soon where too few took it. Nothing else is ever given
 * again: what others gave ends when they no longer want it.
 */
export class Publisher {
  readonly #context: DhtContext;
  readonly #giver: ValueGiver;
  readonly #own: OwnAddresses;
  readonly #table: RoutingTable;
  readonly #nodeKey: Uint8Array;
  readonly #done = new Map<string, Published>();
  #running = false;
  #again = false;
  #resumed: number | null = null;
  #allGivenAt: number | null = null;

  constructor(
    context: DhtContext,
    parts: { giver: ValueGiver; addresses: OwnAddresses; nodeKey: string; table: RoutingTable },
  ) {
    this.#context = context;
    this.#giver = parts.giver;
    this.#own = parts.addresses;
    this.#table = parts.table;
    this.#nodeKey = fromHex(parts.nodeKey, 32)!;
  }

  /** Own shares that were given, and how many nodes took the head of each. */
  get counts(): { readonly published: number; readonly replicas: number } {
    let replicas = 0;
    for (const each of this.#done.values()) replicas += each.replicas;
    return { published: this.#done.size, replicas };
  }

  /** When every own share had been given to enough nodes, milliseconds since 1970. */
  get allGivenAt(): number | null {
    return this.#allGivenAt;
  }

  /**
   * A former life had given all shares at that time: each is due when it would have been, those that changed since at
   * once. Which of them was given when is not kept: it follows from the share's id.
   */
  resume(allGivenAt: number | null): void {
    this.#resumed = allGivenAt;
  }

  /** Gives whatever is due: new revisions, and those given too long ago. Returns at once. */
  look(): void {
    this.#again = true;
    const { publish, bootstrap } = this.#context.config;
    const alone = this.#table.size === 0 && bootstrap.length === 0;
    if (this.#running || alone || publish === 'none') return;
    this.#running = true;
    this.#context.spawn(async () => {
      try {
        while (this.#again) {
          this.#again = false;
          await this.#pass();
        }
      } catch (error) {
        // The store is being restarted: the next look goes on.
        if (!(error instanceof ActorError)) throw error;
      } finally {
        this.#running = false;
      }
    });
  }

  async #pass(): Promise<void> {
    const { refs, clock } = this.#context;
    const present = new Set<string>();
    // What is published while this goes on is not among what was given.
    const from = clock.wall();
    for (const share of await refs.store.ask('ownShares', null)) {
      const volumes = share.volumes > 0 ? await refs.store.ask('ownVolumes', { shareId: share.shareId }) : [];
      for (const each of [...volumes, share]) {
        present.add(each.shareId);
        this.#recall(each);
        if (this.#isDue(each)) await this.#give(each);
      }
    }
    this.#resumed = null;
    for (const shareId of [...this.#done.keys()]) if (!present.has(shareId)) this.#done.delete(shareId);
    if ([...this.#done.values()].every(({ replicas }) => replicas >= FEW)) {
      this.#allGivenAt = from;
    }
  }

  #recall({ shareId, manifestId, updatedAt }: OwnShare): void {
    if (this.#resumed === null || manifestId === null || (updatedAt + 1) * 1000 >= this.#resumed) return;
    if (this.#done.has(shareId)) return;
    const { clock } = this.#context;
    const place = Math.floor((Number.parseInt(shareId.slice(0, 8), 16) / 2 ** 32) * AGAIN_MS);
    const ago = (((this.#resumed - place) % AGAIN_MS) + AGAIN_MS) % AGAIN_MS;
    const at = clock.now() - (clock.wall() - (this.#resumed - ago));
    this.#done.set(shareId, { manifestId, at, replicas: FEW });
  }

  #isDue({ shareId, manifestId, public: isPublic }: OwnShare): boolean {
    const { config, clock } = this.#context;
    if (manifestId === null || config.publish === 'none' || (config.publish === 'public' && !isPublic)) {
      return false;
    }
    const done = this.#done.get(shareId);
    if (done === undefined || done.manifestId !== manifestId) return true;
    const pause = done.replicas < FEW ? SOON_MS : AGAIN_MS;
    return clock.now() - done.at >= pause;
  }

  async #give({ shareId, manifestId }: OwnShare): Promise<void> {
    const id = fromHex(manifestId!, 32)!;
    const manifest = await this.#context.refs.store.ask('manifest', { manifestId: manifestId! });
    if (manifest !== null && manifest.length <= MAX_DHT_VALUE) await this.#value(manifestKey(id), manifest);
    const key = shareHeadKey(fromHex(shareId, 32)!);
    const head = await this.#head(key);
    const replicas = head === null ? 0 : await this.#value(key, head);
    // Who has the manifest, and so the files of the share: what the network asks of a content's id, said of the manifest's.
    const record = ownRecord(id, this.#own.advertised, this.#nodeKey, unixNow(this.#context));
    if (record !== null) await this.#value(providersKey(id), encodeWith(providers, record));
    if (this.#done.size >= MAX_SHARES && !this.#done.has(shareId)) return;
    this.#done.set(shareId, { manifestId: manifestId!, at: this.#context.clock.now(), replicas });
  }

  async #value(key: Uint8Array, value: Uint8Array): Promise<number> {
    const { clock, signal, log } = this.#context;
    await sleep(clock, SPACING_MS, signal);
    try {
      const given = await this.#giver.give(key, value, TTL_SECONDS, signal);
      log.debug({ key: toHex(key), ...given }, 'own value given');
      return given.stored;
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      log.debug({ key: toHex(key), code: error.code }, 'own value not given');
      return 0;
    }
  }

  /** As the store answers peers. */
  async #head(key: Uint8Array): Promise<Uint8Array | null> {
    const request = {
      type: FIND_VALUE,
      payload: encodeRequest(FIND_VALUE, { key }),
      peer: { nodeKey: toHex(this.#nodeKey), dialect: DIALECT_2 },
    };
    const reply = await this.#context.refs.store.ask('wire', request);
    if ('error' in reply) return null;
    const { value } = decodeReply(FIND_VALUE, reply.payload);
    return value && new Uint8Array(value.value);
  }
}
