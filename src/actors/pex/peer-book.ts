import { parseAddress } from '../../protocol/addresses/address.ts';
import { mayDial } from '../../protocol/addresses/may-dial.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import type { StoredPeer } from '../known-peer-types.ts';
import { targetAt } from '../peer-candidates.ts';
import type { PeerLost, PeerMet } from '../peer-met.ts';
import { type Asker, answerPeers, FRESH_SECONDS } from './answer-peers.ts';
import { type PexContext, unixNow } from './context.ts';
import type { KnownRow } from './contract.ts';
import { HEARSAY_BOUNDS, Hearsay, type Rumour } from './hearsay.ts';
import { offeredAddresses } from './offered.ts';
import { PeerTable, TABLE_BOUNDS } from './peer-table.ts';
import { decayed } from './score.ts';
import { Waiting } from './waiting.ts';

/** Which peers may be handed out is found out so often: many may ask at once. */
const TELLABLE_MS = 10_000;
/** Addresses of hearsay that are being tried. */
const MAX_TRIED = 256;

/** In a world of test addresses everybody is everybody's neighbour. */
const ANY_NET = { ...TABLE_BOUNDS, perNet: TABLE_BOUNDS.peers };
const ANY_HEARSAY_NET = { ...HEARSAY_BOUNDS, perNet: HEARSAY_BOUNDS.addresses };

export interface BookParts {
  readonly ownKey: string;
  readonly random: () => number;
  /** Own addresses, `tcp://ip:port`. */
  readonly own: () => ReadonlySet<string>;
  /** The address belongs to the bootstrap list. */
  readonly isSeed: (address: string) => boolean;
  readonly isBanned: (address: string, nodeKey: string | null) => boolean;
}

/** Everybody this node knows of: those that answered it, and, apart from them, those that it was told of. */
export class PeerBook {
  readonly #context: PexContext;
  readonly #parts: BookParts;
  readonly table: PeerTable;
  readonly #hearsay: Hearsay;
  readonly waiting: Waiting;
  /** Who told of the addresses that are tried for the first time. */
  readonly #tried = new Map<string, string>();
  #tellable: { readonly at: number; readonly peers: readonly StoredPeer[] } | null = null;

  constructor(context: PexContext, parts: BookParts) {
    this.#context = context;
    this.#parts = parts;
    const anyNet = context.config.scope === 'test';
    this.table = new PeerTable(anyNet ? ANY_NET : TABLE_BOUNDS);
    this.#hearsay = new Hearsay(anyNet ? ANY_HEARSAY_NET : HEARSAY_BOUNDS);
    this.waiting = new Waiting(parts.random);
  }

  /** A handshake is finished. Where a peer dialled us from, nobody listens. */
  met({ nodeKey, address, dialable, native, dialect, capabilities }: PeerMet): void {
    const form = dialectOfName(dialect);
    if (!dialable || form === null || nodeKey === this.#parts.ownKey) return;
    const source = this.#sourceOf(address);
    this.table.answered({ address, nodeKey, ...form, native, capabilities, source }, unixNow(this.#context));
    this.#settled(address);
    this.waiting.clear(address);
    this.#gauge();
  }

  lost({ nodeKey, address, reason }: PeerLost): void {
    this.#settled(address);
    const known = this.table.get(address);
    // Somebody else lives there now, or nobody whom we talk to.
    const another = reason === 'E_PEER_IDENTITY' && known !== null && known.nodeKey === nodeKey;
    if (another || reason === 'E_PEER_BANNED') this.table.forget(address);
    else this.table.failed(address, unixNow(this.#context));
    this.waiting.after(address, (known?.failures ?? 0) + 1, this.#context.clock.now());
    this.#gauge();
  }

  /** What a peer told of. All of it is hearsay, as far as it may be dialled at all. */
  offered(announcer: string, peers: readonly PeerAddr[]): void {
    const { metrics, refs } = this.#context;
    metrics.add('offers_taken', 1);
    const addresses = offeredAddresses(peers);
    for (const { address, nodeKey } of addresses) {
      if (this.table.get(address) !== null) continue;
      const refused =
        nodeKey === this.#parts.ownKey || !this.mayDial(address) || this.#parts.isBanned(address, nodeKey);
      if (refused) {
        metrics.add('addresses_refused', 1);
        continue;
      }
      this.#hearsay.add({ address, nodeKey, announcer });
      // Who says where it is itself wants to be found: without it no newcomer came into anybody's routing table.
      if (nodeKey === announcer) {
        refs.dht.tell('learnt', { addresses: [`${address}@${nodeKey}`], from: announcer });
      }
    }
    this.#gauge();
  }

  /** What an asker is told, this node first. */
  answer(asker: Asker, max: number, own: readonly string[]): readonly PeerAddr[] {
    const { ownKey, random } = this.#parts;
    this.#context.metrics.add('answers', 1);
    const known = { own, ownKey, peers: this.#tellablePeers() };
    return answerPeers(asker, max, known, unixNow(this.#context), random);
  }

  /** The next address to try that nobody has tried; null: there is none. */
  tryHearsay(): Rumour | null {
    for (;;) {
      const rumour = this.#hearsay.take();
      if (rumour === null) return null;
      const { address, nodeKey } = rumour;
      // What may be dialled, and who is banned, may have changed since it was heard.
      if (!this.mayDial(address) || this.#parts.isBanned(address, nodeKey)) continue;
      if (this.waiting.has(address, this.#context.clock.now())) continue;
      // It may answer over TCP beside the QUIC address that was told of.
      const { also = [] } = targetAt(address, nodeKey);
      for (const each of [address, ...also]) {
        if (this.#tried.size >= MAX_TRIED) this.#tried.delete(this.#tried.keys().next().value!);
        this.#tried.set(each, rumour.announcer);
      }
      this.#gauge();
      return rumour;
    }
  }

  /** Whether a known peer may be dialled now. */
  isReady({ address, nodeKey, source }: StoredPeer): boolean {
    if (this.waiting.has(address, this.#context.clock.now())) return false;
    if (this.#parts.isBanned(address, nodeKey)) return false;
    // Whom this node once dialled of its own accord it may dial again.
    return source === 'seed' || source === 'dial' ? !this.#parts.own().has(address) : this.mayDial(address);
  }

  /** Whether an address from the network may be dialled. */
  mayDial(address: string): boolean {
    const parsed = parseAddress(address);
    const rules = { scope: this.#context.config.scope, own: this.#parts.own() };
    return parsed.ok && mayDial(parsed.address, 'pex', rules);
  }

  /** Peers that answered within a day and did not fail since, the best first, as `tcp://ip:port@key`. */
  best(limit: number): readonly string[] {
    const now = unixNow(this.#context);
    return [...this.table.all()]
      .filter((peer) => peer.failures === 0 && now - peer.seenAt <= FRESH_SECONDS && this.isReady(peer))
      .sort((a, b) => decayed(b, now) - decayed(a, now))
      .slice(0, limit)
      .map(({ address, nodeKey }) => `${address}@${nodeKey}`);
  }

  rows(): readonly KnownRow[] {
    const now = unixNow(this.#context);
    const answered = [...this.table.all()]
      .map((peer) => answeredRow(peer, now))
      .sort((a, b) => b.score - a.score || b.seen! - a.seen!);
    return [...answered, ...[...this.#hearsay.all()].map(hearsayRow)];
  }

  #tellablePeers(): readonly StoredPeer[] {
    const now = this.#context.clock.now();
    if (this.#tellable === null || now - this.#tellable.at >= TELLABLE_MS) {
      const peers = [...this.table.all()].filter(
        ({ address, nodeKey }) => this.mayDial(address) && !this.#parts.isBanned(address, nodeKey),
      );
      this.#tellable = { at: now, peers };
    }
    return this.#tellable.peers;
  }

  #sourceOf(address: string): string {
    if (this.#parts.isSeed(address)) return 'seed';
    return this.#tried.get(address) ?? this.#hearsay.announcerOf(address) ?? 'dial';
  }

  #settled(address: string): void {
    this.#tried.delete(address);
    this.#hearsay.remove(address);
  }

  #gauge(): void {
    this.#context.metrics.set('peers', this.table.size);
    this.#context.metrics.set('hearsay', this.#hearsay.size);
  }
}

function dialectOfName(name: string): Pick<StoredPeer, 'version' | 'capabilityKeys'> | null {
  if (name === '2/8') return { version: 2, capabilityKeys: 8 };
  if (name === '1/8') return { version: 1, capabilityKeys: 8 };
  return name === '1/5' ? { version: 1, capabilityKeys: 5 } : null;
}

const answeredRow = (peer: StoredPeer, now: number): KnownRow => ({
  address: peer.address,
  nodeKey: peer.nodeKey,
  state: 'answered',
  native: peer.native,
  dialect: `${peer.version}/${peer.capabilityKeys}`,
  capabilities: peer.capabilities,
  score: Math.round(decayed(peer, now) * 100) / 100,
  source: peer.source,
  seen: peer.seenAt,
  failures: peer.failures,
});

const hearsayRow = ({ address, nodeKey, announcer }: Rumour): KnownRow => ({
  address,
  nodeKey,
  state: 'hearsay',
  native: null,
  dialect: null,
  capabilities: [],
  score: 0,
  source: announcer,
  seen: null,
  failures: 0,
});
