import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { Reader } from '../../protocol/cbor/reader.ts';
import { bytesEqual, fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../protocol/dialect.ts';
import { manifestKey, shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../protocol/objects/ids.ts';
import { decodeManifest, type Manifest, manifestId } from '../../protocol/objects/manifest.ts';
import { type ShareHead, shareHead, verifyShareHead } from '../../protocol/objects/share-head.ts';
import { GET_MANIFEST } from '../../protocol/wire/message-types.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { askPeer } from '../ask-peer.ts';
import { targetAt } from '../peer-candidates.ts';
import { type DhtContext, unixNow } from './context.ts';
import type { Lookups } from './lookups.ts';
import type { TableKeeper } from './table-keeper.ts';
import type { ValueStore } from './value-store.ts';

/** Heads that wait to be checked, in all and of one network. */
const MAX_WAITING = 256;
const MAX_PER_NET = 8;
const AT_ONCE = 2;
const ASK_MS = 5_000;
/** Share keys that a manifest proved. */
const MAX_KEYS = 8_192;

interface Job {
  readonly key: Uint8Array;
  readonly head: ShareHead;
  readonly octets: Uint8Array;
  readonly origin: string;
  /** The network of whoever gave it. */
  readonly net: string;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/**
 * Finds out which share heads are signed by their share's key. The key is not in a head: it is in the manifest that the
 * head names, which is looked for here, with whoever gave the head, and in the network. In the background, bounded; a head
 * whose manifest nobody has stays unchecked.
 */
export class HeadChecks {
  readonly #context: DhtContext;
  readonly #keeper: TableKeeper;
  readonly #values: ValueStore;
  readonly #lookups: Lookups;
  /** Share keys by share id: what a key proved once is checked at once from then on. */
  readonly #keys = new Map<string, Uint8Array>();
  readonly #waiting = new Map<string, Job>();
  readonly #nets = new Map<string, number>();
  #running = 0;

  constructor(context: DhtContext, parts: { keeper: TableKeeper; values: ValueStore; lookups: Lookups }) {
    this.#context = context;
    this.#keeper = parts.keeper;
    this.#values = parts.values;
    this.#lookups = parts.lookups;
  }

  /** Whether the head is signed by its share's key; null: its key is not known here. */
  verdict(head: ShareHead): boolean | null {
    const key = this.#keys.get(toHex(head.shareId));
    return key === undefined ? null : verifyShareHead(head, key).ok;
  }

  /** Has a head checked when its turn comes. False: too many wait, or too many of this network. */
  request(job: Job): boolean {
    const name = toHex(job.head.sig);
    const ofNet = this.#nets.get(job.net) ?? 0;
    if (this.#waiting.has(name)) return true;
    if (this.#waiting.size >= MAX_WAITING || ofNet >= MAX_PER_NET) return false;
    this.#waiting.set(name, job);
    this.#nets.set(job.net, ofNet + 1);
    this.#next();
    return true;
  }

  /** A manifest came: the heads that waited for its key are checked with it. */
  learn(manifest: Manifest): void {
    if (!bytesEqual(shareIdOf(manifest.sharePubkey), manifest.shareId)) return;
    const key = shareHeadKey(manifest.shareId);
    if (this.#values.unchecked(key).length === 0) return;
    this.#remember(manifest.sharePubkey);
    for (const { octets, origin, net, expiresAt } of [...this.#values.unchecked(key)]) {
      this.#settle({ key, octets, origin, net, expiresAt, head: shareHead.read(new Reader(octets)) });
    }
  }

  #next(): void {
    while (this.#running < AT_ONCE && this.#waiting.size > 0) {
      const [name, job] = this.#waiting.entries().next().value!;
      this.#waiting.delete(name);
      this.#running++;
      this.#context.spawn(async () => {
        try {
          await this.#check(job);
        } finally {
          this.#running--;
          const left = (this.#nets.get(job.net) ?? 1) - 1;
          if (left > 0) this.#nets.set(job.net, left);
          else this.#nets.delete(job.net);
          this.#next();
        }
      });
    }
  }

  async #check(job: Job): Promise<void> {
    if (this.verdict(job.head) === null) {
      const { shareId, latestManifestId } = job.head;
      const manifest = await this.#manifest(latestManifestId, job.origin);
      // A manifest of another share proves nothing about this one.
      if (manifest === null || !bytesEqual(shareIdOf(manifest.sharePubkey), shareId)) return;
      this.#remember(manifest.sharePubkey);
    }
    this.#settle(job);
  }

  #settle({ key, head, octets, origin, net, expiresAt }: Job): void {
    const right = this.verdict(head);
    if (right === null) return;
    const { metrics } = this.#context;
    if (!right) {
      this.#values.dropHead(key, octets);
      metrics.add('heads_refused', 1);
      return;
    }
    const now = Number(unixNow(this.#context));
    // Its time was up while it waited: no time left is not no time said.
    if (expiresAt <= now) return;
    const content = { kind: 'share-head', value: head } as const;
    this.#values.put(key, content, octets, {
      ...{ ttl: expiresAt - now, origin, net, now },
      checked: true,
    });
    metrics.add('heads_checked', 1);
  }

  #remember(shareKey: Uint8Array): void {
    if (this.#keys.size >= MAX_KEYS) this.#keys.delete(this.#keys.keys().next().value!);
    this.#keys.set(toHex(shareIdOf(shareKey)), new Uint8Array(shareKey));
  }

  /** The manifest with this id, wherever it is to be had; whose it is, is for the caller to judge. */
  async #manifest(id: Uint8Array, origin: string): Promise<Manifest | null> {
    for (const fetch of [this.#kept, this.#ofOrigin, this.#ofNetwork]) {
      try {
        const octets = await fetch.call(this, id, origin);
        if (octets === null) continue;
        const manifest = decodeManifest(octets);
        if (bytesEqual(manifestId(manifest), id)) return manifest;
      } catch (error) {
        if (error instanceof DecodeError) continue;
        if (!(error instanceof ActorError) || this.#context.signal.aborted) throw error;
      }
    }
    return null;
  }

  async #kept(id: Uint8Array): Promise<Uint8Array | null> {
    const now = Number(unixNow(this.#context));
    const value = this.#values.get(manifestKey(id), DIALECT_2, now);
    return value?.octets ?? (await this.#context.refs.store.ask('manifest', { manifestId: toHex(id) }));
  }

  /** Where the giver listens is known if it is in the table. */
  async #ofOrigin(id: Uint8Array, origin: string): Promise<Uint8Array | null> {
    const contact = this.#keeper.contactWith(fromHex(origin, 32)!);
    if (contact === null) return null;
    const { address, nodeKey } = contact;
    const { refs, signal } = this.#context;
    const options = { deadlineMs: ASK_MS, signal };
    const reply = await askPeer(
      refs.transport,
      targetAt(address, nodeKey),
      GET_MANIFEST,
      { manifestId: id },
      options,
    );
    return reply.bytes;
  }

  async #ofNetwork(id: Uint8Array): Promise<Uint8Array | null> {
    return (await this.#lookups.findValue(manifestKey(id), this.#context.signal))?.octets ?? null;
  }
}
