import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import { bucketIndex, compareDistance, type NodeId } from '../../protocol/objects/ids.ts';
import type { DhtDefences } from './config.ts';
import type { Contact } from './contact.ts';

/** Nodes of a bucket, and of an answer. */
export const K = 20;
/** Newcomers that wait for a place in a full bucket. */
const MAX_WAITING = 10;
/** Nodes of one neighbourhood (IPv4 /24, IPv6 /48) in a bucket, and in the table. */
const PER_BUCKET = 2;
const PER_TABLE = 4;
/** A node goes after so many failures in a row, at once when another waits for its place. */
const MAX_FAILURES = 3;

/** A node that has answered. */
export interface TableEntry {
  readonly contact: Contact;
  readonly native: boolean;
  /** Version and number of capability keys, as in `2/8`. */
  readonly dialect: string;
  /** Monotonic milliseconds of its last answer. */
  readonly seenAt: number;
  readonly failures: number;
}

interface Bucket {
  /** Least recently seen first. */
  entries: TableEntry[];
  /** Nodes without a place, least recently seen first. */
  waiting: TableEntry[] | null;
  /** Monotonic milliseconds of the last lookup in its range. */
  lookedAt: number;
}

export type Admission =
  | { readonly kind: 'in' }
  /** It waits: the node seen longest ago keeps its place unless it is gone. */
  | { readonly kind: 'full'; readonly oldest: TableEntry }
  /** Its neighbourhood has its share already, or it is ourselves. */
  | { readonly kind: 'refused' };

/**
 * The nodes this one knows, by how many leading bits of their ids are ours: 160 buckets of 20, which exist once they
 * have a node. Only nodes that answered are told to it. Pure: time comes with each call.
 */
export class RoutingTable {
  readonly #own: NodeId;
  readonly #defences: Pick<DhtDefences, 'diversity' | 'pingBeforeEvict'>;
  readonly #buckets: (Bucket | undefined)[] = [];
  #size = 0;

  constructor(
    own: NodeId,
    defences: Pick<DhtDefences, 'diversity' | 'pingBeforeEvict'> = { diversity: true, pingBeforeEvict: true },
  ) {
    this.#own = own;
    this.#defences = defences;
  }

  get size(): number {
    return this.#size;
  }

  /** Places of the buckets that have nodes. */
  get buckets(): readonly number[] {
    return this.#buckets.flatMap((bucket, index) => (bucket && bucket.entries.length > 0 ? [index] : []));
  }

  /** A node answered, or finished a handshake that we began. */
  seen(contact: Contact, about: { native: boolean; dialect: string }, now: number): Admission {
    const index = bucketIndex(this.#own, contact.id);
    if (index >= 8 * this.#own.length) return { kind: 'refused' };
    const bucket = this.#bucket(index, now);
    const entry: TableEntry = { contact, ...about, seenAt: now, failures: 0 };
    const known = indexOf(bucket.entries, contact.id);
    if (known >= 0 && bucket.entries[known]!.contact.neighbourhood === contact.neighbourhood) {
      bucket.entries.splice(known, 1);
      bucket.entries.push(entry);
      return { kind: 'in' };
    }
    // It moved to another neighbourhood: as if it came anew.
    if (known >= 0) this.#take(bucket, known);
    forget(bucket, contact.id);
    if (!this.#hasRoomFor(contact, bucket)) return { kind: 'refused' };
    if (bucket.entries.length < K) {
      bucket.entries.push(entry);
      this.#size++;
      return { kind: 'in' };
    }
    if (!this.#defences.pingBeforeEvict) {
      bucket.entries.shift();
      bucket.entries.push(entry);
      return { kind: 'in' };
    }
    bucket.waiting ??= [];
    if (bucket.waiting.length >= MAX_WAITING) bucket.waiting.shift();
    bucket.waiting.push(entry);
    return { kind: 'full', oldest: bucket.entries[0]! };
  }

  /** A node did not answer at that address. True when it is no longer in the table. */
  failed(contact: Contact): boolean {
    const bucket = this.#buckets[bucketIndex(this.#own, contact.id)];
    if (bucket === undefined) return false;
    forget(bucket, contact.id);
    const at = indexOf(bucket.entries, contact.id);
    const entry = bucket.entries[at];
    if (entry === undefined || entry.contact.address !== contact.address) return false;
    const failures = entry.failures + 1;
    if (failures < MAX_FAILURES && !bucket.waiting?.length) {
      bucket.entries[at] = { ...entry, failures };
      return false;
    }
    this.#take(bucket, at);
    this.#promote(bucket);
    return true;
  }

  /** Who of these is at that address: for failures of dials whose key is not known. */
  at(address: string): TableEntry | null {
    for (const bucket of this.#buckets) {
      const entry = bucket?.entries.find(({ contact }) => contact.address === address);
      if (entry !== undefined) return entry;
    }
    return null;
  }

  /** Whether a node with that id would find a place at once, as far as its address allows. */
  hasPlaceFor(id: NodeId): boolean {
    const bucket = this.#buckets[bucketIndex(this.#own, id)];
    return bucket === undefined || bucket.entries.length < K;
  }

  get(id: NodeId): TableEntry | null {
    const bucket = this.#buckets[bucketIndex(this.#own, id)];
    return bucket?.entries[indexOf(bucket.entries, id)] ?? null;
  }

  /** The nodes nearest to the target, nearest first. */
  closest(target: NodeId, count: number, may: (entry: TableEntry) => boolean = () => true): TableEntry[] {
    const found: TableEntry[] = [];
    const near = bucketIndex(this.#own, target);
    // All of the target's own bucket is nearer to it than we are, all of the deeper ones about as near as we are; then
    // outwards, each bucket farther than the one before.
    const take = (index: number) => {
      for (const entry of this.#buckets[index]?.entries ?? []) if (may(entry)) found.push(entry);
    };
    take(near);
    for (let index = near + 1; index < this.#buckets.length; index++) take(index);
    for (let index = near - 1; index >= 0 && found.length < count; index--) take(index);
    found.sort((a, b) => compareDistance(target, a.contact.id, b.contact.id));
    return found.slice(0, count);
  }

  /** A lookup for that target is under way: its bucket need not be looked through for a while. */
  looked(target: NodeId, now: number): void {
    const bucket = this.#buckets[bucketIndex(this.#own, target)];
    if (bucket !== undefined) bucket.lookedAt = now;
  }

  /** Buckets with nodes that nothing was looked for in since then. */
  stale(before: number): readonly number[] {
    return this.buckets.filter((index) => this.#buckets[index]!.lookedAt < before);
  }

  /** Buckets that are not half full, down to the deepest one that has nodes: below it there is nobody. */
  thin(): readonly number[] {
    const deepest = this.buckets.at(-1) ?? -1;
    return Array.from({ length: deepest + 1 }, (_, index) => index).filter(
      (index) => (this.#buckets[index]?.entries.length ?? 0) < K / 2,
    );
  }

  *entries(): Generator<TableEntry & { readonly bucket: number }> {
    for (const [bucket, each] of this.#buckets.entries()) {
      for (const entry of each?.entries ?? []) yield { ...entry, bucket };
    }
  }

  #bucket(index: number, now: number): Bucket {
    const known = this.#buckets[index];
    if (known !== undefined) return known;
    const bucket: Bucket = { entries: [], waiting: null, lookedAt: now };
    while (this.#buckets.length < index) this.#buckets.push(undefined);
    this.#buckets[index] = bucket;
    return bucket;
  }

  #hasRoomFor({ neighbourhood }: Contact, bucket: Bucket): boolean {
    if (neighbourhood === null || !this.#defences.diversity) return true;
    if (countOf(bucket, neighbourhood) >= PER_BUCKET) return false;
    const inTable = this.#buckets.reduce(
      (sum, each) => sum + (each === undefined ? 0 : countOf(each, neighbourhood)),
      0,
    );
    return inTable < PER_TABLE;
  }

  #take(bucket: Bucket, at: number): void {
    bucket.entries.splice(at, 1);
    this.#size--;
  }

  /** The one that waits and was seen last gets the free place. */
  #promote(bucket: Bucket): void {
    while (bucket.waiting !== null && bucket.waiting.length > 0 && bucket.entries.length < K) {
      const next = bucket.waiting.pop()!;
      if (bucket.waiting.length === 0) bucket.waiting = null;
      if (!this.#hasRoomFor(next.contact, bucket)) continue;
      const later = bucket.entries.findIndex(({ seenAt }) => seenAt > next.seenAt);
      bucket.entries.splice(later < 0 ? bucket.entries.length : later, 0, next);
      this.#size++;
    }
  }
}

const indexOf = (entries: readonly TableEntry[], id: NodeId): number =>
  entries.findIndex(({ contact }) => bytesEqual(contact.id, id));

function countOf({ entries }: Bucket, neighbourhood: string): number {
  let count = 0;
  for (const { contact } of entries) if (contact.neighbourhood === neighbourhood) count++;
  return count;
}

function forget(bucket: Bucket, id: NodeId): void {
  if (bucket.waiting === null) return;
  const at = indexOf(bucket.waiting, id);
  if (at >= 0) bucket.waiting.splice(at, 1);
  if (bucket.waiting.length === 0) bucket.waiting = null;
}
