import type { Address } from '../../protocol/addresses/address.ts';
import { mayDial } from '../../protocol/addresses/may-dial.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { sha256 } from '../../protocol/crypto/sha256.ts';
import { NODE_ID_LENGTH, type NodeId, nodeIdOf } from '../../protocol/objects/ids.ts';
import { FIND_NODE } from '../../protocol/wire/message-types.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { askPeer, shardOf } from '../ask-peer.ts';
import { DialBudget } from '../dial-budget.ts';
import type { OwnAddresses } from '../own-addresses.ts';
import { targetAt } from '../peer-candidates.ts';
import type { PeerLost, PeerMet } from '../peer-met.ts';
import { candidateFrom } from './candidates.ts';
import { type Contact, contactOf } from './contact.ts';
import type { DhtContext } from './context.ts';
import type { Candidate } from './lookup.ts';
import type { RoutingTable, TableEntry } from './routing-table.ts';

const PING_MS = 6_000;
/** A node seen this lately is not asked whether it still lives. */
const FRESH_MS = 5 * 60_000;
/** Without a lookup in its range for so long, a bucket is looked through. */
const REFRESH_MS = 60 * 60_000;
/** An address that did not answer is left alone. */
const RETRY_MS = 60_000;
const SAME_FAILURE_MS = 2_000;
const MAX_FAILED = 4_096;
/** Addresses that others told of, to be dialled. */
const MAX_LEARNT = 256;
const LEARNT_AT_ONCE = 2;

/** Keeps the routing table: who comes in, who goes, and where it has to be looked through. */
export class TableKeeper {
  readonly table: RoutingTable;
  readonly #context: DhtContext;
  readonly #own: { readonly id: NodeId; readonly key: string; readonly addresses: OwnAddresses };
  readonly #budget = new DialBudget();
  /** Addresses that did not answer, and until when they are let be. */
  readonly #failed = new Map<string, number>();
  readonly #pinging = new Set<string>();
  readonly #learnt = new Map<string, Candidate>();
  #dialling = 0;
  #refreshes = 0;

  constructor(
    context: DhtContext,
    table: RoutingTable,
    own: { readonly id: NodeId; readonly key: string; readonly addresses: OwnAddresses },
  ) {
    this.#context = context;
    this.table = table;
    this.#own = own;
  }

  /** By what addresses are judged now. */
  get rules() {
    const { scope } = this.#context.config;
    return { scope, own: this.#own.addresses.all, ownKey: this.#own.key };
  }

  /** Whether an address that a record names may be dialled. */
  mayFollow(address: Address): boolean {
    const isOwn = address.nodeKey !== null && toHex(address.nodeKey) === this.#own.key;
    return !isOwn && mayDial(address, 'providers', this.rules);
  }

  met({ nodeKey, address, dialable, native, dialect }: PeerMet): void {
    if (!dialable || nodeKey === this.#own.key) return;
    this.#failed.delete(address);
    // The operator may dial whom he likes; others are told only of whom they may dial.
    if (candidateFrom(address, 'dht', null, this.rules) === null) return;
    const contact = contactOf(nodeKey, address);
    if (contact !== null) this.#seen(contact, { native, dialect });
  }

  lost({ nodeKey, address }: PeerLost): void {
    const { clock } = this.#context;
    if (this.#failed.size >= MAX_FAILED) this.#failed.delete(this.#failed.keys().next().value!);
    this.#failed.set(address, clock.now() + RETRY_MS);
    const entry = this.table.at(address);
    if (entry !== null && (nodeKey === null || nodeKey === entry.contact.nodeKey)) {
      this.table.failed(entry.contact);
    }
    this.#told();
  }

  /** Where the node with this key is, if it is in the table. */
  contactWith(nodeKey: Uint8Array): Contact | null {
    return this.table.get(nodeIdOf(nodeKey))?.contact ?? null;
  }

  /** It answered a request. */
  answered(contact: Contact): void {
    const known = this.table.get(contact.id);
    if (known !== null && known.contact.address === contact.address) {
      this.#seen(known.contact, { native: known.native, dialect: known.dialect });
    }
  }

  /** Takes in whom others named, whether they are there or not: what a DHT does without `onlyAnswered`. */
  believe(named: readonly Candidate[]): void {
    for (const { nodeKey, address } of named) {
      const contact = nodeKey === null ? null : contactOf(nodeKey, address);
      if (contact !== null) this.#seen(contact, { native: true, dialect: '2/8' });
    }
  }

  /** It did not. */
  silent(contact: Contact): void {
    // A dial that failed was told of already.
    const { clock } = this.#context;
    if ((this.#failed.get(contact.address) ?? 0) > clock.now() + RETRY_MS - SAME_FAILURE_MS) return;
    this.table.failed(contact);
    this.#told();
  }

  /** Whether a candidate of a lookup may be dialled: those known to answer always, the others within bounds. */
  mayAsk(candidate: Candidate): boolean {
    const now = this.#context.clock.now();
    const { address, from, neighbourhood, id } = candidate;
    if (from === null) return true;
    if (id !== null && this.table.get(id)?.contact.address === address) return true;
    if ((this.#failed.get(address) ?? 0) > now) return false;
    return this.#budget.take(address, from, now, neighbourhood === null);
  }

  /** Addresses that a peer told of: those that may come into the table are dialled, a few at a time. */
  learnt(addresses: readonly string[], from: string): void {
    for (const text of addresses) {
      if (this.#learnt.size >= MAX_LEARNT) break;
      const candidate = candidateFrom(text, 'pex', from, this.rules);
      if (candidate !== null && this.#isWanted(candidate)) {
        this.#learnt.set(candidate.name, candidate);
      }
    }
    while (this.#dialling < LEARNT_AT_ONCE && this.#learnt.size > 0) this.#dialNext();
  }

  /** A place in each bucket that was not looked through for long; other places each time. */
  staleTargets(): NodeId[] {
    const before = this.#context.clock.now() - REFRESH_MS;
    return this.table.stale(before).map((bucket) => this.#placeIn(bucket));
  }

  /** A place in each bucket that has few nodes. */
  thinTargets(): NodeId[] {
    return this.table.thin().map((bucket) => this.#placeIn(bucket));
  }

  #isWanted({ id, address }: Candidate): boolean {
    if ((this.#failed.get(address) ?? 0) > this.#context.clock.now()) return false;
    if (id === null) return this.table.at(address) === null;
    return this.table.get(id) === null && this.table.hasPlaceFor(id);
  }

  #dialNext(): void {
    const [name, candidate] = this.#learnt.entries().next().value!;
    this.#learnt.delete(name);
    if (!this.#isWanted(candidate) || !this.mayAsk(candidate)) return;
    this.#dialling++;
    const target = targetAt(candidate.address, candidate.nodeKey);
    const { refs, signal } = this.#context;
    this.#context.spawn(async () => {
      try {
        // What comes of it is told as of every dial.
        await shardOf(refs.transport, target).ask('connect', target, { deadlineMs: PING_MS, signal });
      } catch (error) {
        if (!(error instanceof ActorError)) throw error;
      } finally {
        this.#dialling--;
        this.learnt([], '');
      }
    });
  }

  #seen(contact: Contact, about: { native: boolean; dialect: string }): void {
    const now = this.#context.clock.now();
    const admission = this.table.seen(contact, about, now);
    if (admission.kind === 'full' && now - admission.oldest.seenAt > FRESH_MS) this.#ping(admission.oldest);
    this.#told();
  }

  /** Whether the node seen longest ago still answers: if not, who waits for its place gets it. */
  #ping({ contact }: TableEntry): void {
    if (this.#pinging.has(contact.nodeKey)) return;
    this.#pinging.add(contact.nodeKey);
    const { refs, signal } = this.#context;
    const { address, nodeKey } = contact;
    this.#context.spawn(async () => {
      try {
        const request = { targetNodeId: this.#own.id };
        await askPeer(refs.transport, targetAt(address, nodeKey), FIND_NODE, request, {
          deadlineMs: PING_MS,
          signal,
        });
        this.answered(contact);
      } catch (error) {
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        this.silent(contact);
      } finally {
        this.#pinging.delete(contact.nodeKey);
      }
    });
  }

  /** A place whose first differing bit is that of the bucket; the rest of it is nobody's choice. */
  #placeIn(bucket: number): NodeId {
    const count = new Uint8Array(4);
    new DataView(count.buffer).setUint32(0, ++this.#refreshes);
    const place = sha256(this.#own.id, count).slice(0, NODE_ID_LENGTH);
    for (let bit = 0; bit <= bucket; bit++) {
      const mask = 0x80 >> (bit % 8);
      const own = this.#own.id[bit >> 3]! & mask;
      const wanted = bit === bucket ? own ^ mask : own;
      place[bit >> 3] = (place[bit >> 3]! & ~mask) | wanted;
    }
    return place;
  }

  #told(): void {
    this.#context.metrics.set('nodes', this.table.size);
  }
}
