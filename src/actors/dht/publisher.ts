import { parseAddress, toPeerAddr } from '../../protocol/addresses/address.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../protocol/dialect.ts';
import { manifestKey, providersKey, shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { MAX_DHT_VALUE } from '../../protocol/objects/dht-value.ts';
import { decodeManifest } from '../../protocol/objects/manifest.ts';
import { providers } from '../../protocol/objects/providers.ts';
import { FIND_VALUE } from '../../protocol/wire/message-types.ts';
import { decodeReply, encodeRequest } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { OwnShare } from '../store/contract.ts';
import { type DhtContext, unixNow } from './context.ts';
import type { OwnAddresses } from './own-addresses.ts';
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
/** Contents whose providers are still to be given: of shares that come last, none are. */
const MAX_CONTENTS = 20_000;

interface Published {
  readonly manifestId: string;
  readonly at: number;
  readonly replicas: number;
  /** When the providers of its contents were given last. */
  readonly contentsAt: number;
}

/**
 * Gives the network what is newest of own shares: manifest (where it fits in a value), then head, then who has them; and,
 * once all shares have that, who has each content of those whose manifest fits: nodes of the reference look for nothing
 * else when they download. In the background, one after the other; again after half a day, and soon where too few took it. Nothing else is ever given
 * again: what others gave ends when they no longer want it.
 */
export class Publisher {
  readonly #context: DhtContext;
  readonly #giver: ValueGiver;
  readonly #own: OwnAddresses;
  readonly #table: RoutingTable;
  readonly #nodeKey: Uint8Array;
  readonly #done = new Map<string, Published>();
  /** Contents whose providers are to be given. */
  readonly #contents = new Set<string>();
  #running = false;
  #again = false;

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

  /** Gives whatever is due: new revisions, and those given too long ago. Returns at once. */
  look(): void {
    this.#again = true;
    const { publish, bootstrap } = this.#context.config;
    const alone = this.#table.size === 0 && bootstrap.length === 0;
    if (this.#running || alone || publish === 'none') return;
    this.#running = true;
    this.#context.spawn(async () => {
      try {
        while (this.#again || this.#contents.size > 0) {
          if (this.#again) {
            this.#again = false;
            await this.#pass();
          } else await this.#giveContent();
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
    const { refs } = this.#context;
    const present = new Set<string>();
    for (const share of await refs.store.ask('ownShares', null)) {
      const volumes = share.volumes > 0 ? await refs.store.ask('ownVolumes', { shareId: share.shareId }) : [];
      for (const each of [...volumes, share]) {
        present.add(each.shareId);
        if (this.#isDue(each)) await this.#give(each);
      }
    }
    for (const shareId of [...this.#done.keys()]) if (!present.has(shareId)) this.#done.delete(shareId);
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
    const fits = manifest !== null && manifest.length <= MAX_DHT_VALUE;
    if (fits) await this.#value(manifestKey(id), manifest);
    const key = shareHeadKey(fromHex(shareId, 32)!);
    const head = await this.#head(key);
    const replicas = head === null ? 0 : await this.#value(key, head);
    const record = this.#providers(id);
    if (record !== null) await this.#value(providersKey(id), record);
    if (this.#done.size >= MAX_SHARES && !this.#done.has(shareId)) return;
    const now = this.#context.clock.now();
    const before = this.#done.get(shareId);
    const fresh = before?.manifestId === manifestId && now - before!.contentsAt < AGAIN_MS;
    // To nobody, they would be given in vain.
    const give = fits && !fresh && replicas > 0;
    if (give) this.#owe(manifest);
    const contentsAt = give ? now : (before?.contentsAt ?? Number.NEGATIVE_INFINITY);
    this.#done.set(shareId, { manifestId: manifestId!, at: now, replicas, contentsAt });
  }

  #owe(manifest: Uint8Array): void {
    for (const { contentId } of decodeManifest(manifest).items) {
      if (this.#contents.size < MAX_CONTENTS) this.#contents.add(toHex(contentId));
    }
  }

  async #giveContent(): Promise<void> {
    const contentId = this.#contents.values().next().value!;
    this.#contents.delete(contentId);
    const id = fromHex(contentId, 32)!;
    const record = this.#providers(id);
    if (record !== null) await this.#value(providersKey(id), record);
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

  /**
   * This node, as one that has that content (SCP2P wire, section 9.7); or that manifest, and so the files of the share:
   * the same, said of the manifest's id. Null: this node cannot be reached.
   */
  #providers(contentId: Uint8Array): Uint8Array | null {
    const list = this.#own.advertised.flatMap((text) => {
      const parsed = parseAddress(text);
      const peer = parsed.ok ? toPeerAddr(parsed.address) : null;
      return peer === null ? [] : [{ ...peer, pubkeyHint: this.#nodeKey }];
    });
    if (list.length === 0) return null;
    return encodeWith(providers, {
      contentId,
      providers: list.slice(0, 8),
      updatedAt: unixNow(this.#context),
    });
  }
}
