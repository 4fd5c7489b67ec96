import { BUCKETS } from './cycle.ts';

const ID_LENGTH = 32;
/** Contents that are announced; more are counted and left out. 36 octets each. */
export const MAX_ITEMS = 1_000_000;

/** The contents of one part of the keyspace, in the order of their keys. */
export interface ItemBucket {
  readonly size: number;
  /** 32 octets each. */
  readonly ids: Uint8Array;
  /** The octets of the keys behind the first one. */
  readonly places: Uint32Array;
  /** 1: new, and not announced yet. */
  readonly fresh: Uint8Array;
}

const empty = () => ({
  size: 0,
  ids: new Uint8Array(0),
  places: new Uint32Array(0),
  fresh: new Uint8Array(0),
});

export const idAt = ({ ids }: ItemBucket, index: number): Uint8Array =>
  ids.subarray(index * ID_LENGTH, (index + 1) * ID_LENGTH);

/** What is announced, by the place of its key. Numbers and octets alone: nothing of it is an object of its own. */
export class ItemIndex {
  readonly buckets: readonly ItemBucket[];
  readonly size: number;
  /** Left out because there is no room for them. */
  readonly left: number;

  constructor(buckets: readonly ItemBucket[], left: number) {
    this.buckets = buckets;
    this.left = left;
    this.size = buckets.reduce((sum, { size }) => sum + size, 0);
  }

  static readonly empty = new ItemIndex(Array.from({ length: BUCKETS }, empty), 0);

  /** Those that are new and not announced yet. */
  get fresh(): number {
    let count = 0;
    for (const { fresh } of this.buckets) for (const flag of fresh) count += flag;
    return count;
  }

  /** What is known of a content, by the key of its providers. */
  stateOf(contentId: Uint8Array, key: Uint8Array): 'absent' | 'fresh' | 'known' {
    const bucket = this.buckets[key[0]!]!;
    const at = find(bucket, placeIn(key), contentId);
    return at < 0 ? 'absent' : bucket.fresh[at] === 1 ? 'fresh' : 'known';
  }
}

/** Makes an index from contents in any order, equal ones once. */
export class ItemIndexBuilder {
  readonly #growing = Array.from({ length: BUCKETS }, empty);
  readonly #limit: number;
  #count = 0;
  #left = 0;

  constructor(limit = MAX_ITEMS) {
    this.#limit = limit;
  }

  /** `key`: the one of its providers. */
  add(contentId: Uint8Array, key: Uint8Array, fresh: boolean): void {
    if (this.#count >= this.#limit) {
      this.#left++;
      return;
    }
    this.#count++;
    const bucket = this.#growing[key[0]!]!;
    if (bucket.size === bucket.places.length) {
      const room = Math.max(16, bucket.size * 2);
      bucket.ids = grown(bucket.ids, new Uint8Array(room * ID_LENGTH));
      bucket.places = grown(bucket.places, new Uint32Array(room));
      bucket.fresh = grown(bucket.fresh, new Uint8Array(room));
    }
    bucket.ids.set(contentId, bucket.size * ID_LENGTH);
    bucket.places[bucket.size] = placeIn(key);
    bucket.fresh[bucket.size] = fresh ? 1 : 0;
    bucket.size++;
  }

  /** One bucket, sorted: in steps, so that nobody waits for all of them. */
  *sorted(): Generator<ItemBucket> {
    for (const [number, bucket] of this.#growing.entries()) {
      yield sortedBucket(bucket);
      this.#growing[number] = empty();
    }
  }

  get left(): number {
    return this.#left;
  }
}

function sortedBucket(bucket: ItemBucket): ItemBucket {
  const { places } = bucket;
  const order = Array.from({ length: bucket.size }, (_, index) => index).sort(
    (a, b) => places[a]! - places[b]! || compareIds(idAt(bucket, a), idAt(bucket, b)),
  );
  const kept = order.filter(
    (index, at) => at === 0 || compareIds(idAt(bucket, order[at - 1]!), idAt(bucket, index)) !== 0,
  );
  const ids = new Uint8Array(kept.length * ID_LENGTH);
  for (const [at, index] of kept.entries()) ids.set(idAt(bucket, index), at * ID_LENGTH);
  return {
    size: kept.length,
    ids,
    places: Uint32Array.from(kept, (index) => places[index]!),
    fresh: Uint8Array.from(kept, (index) => bucket.fresh[index]!),
  };
}

function find(bucket: ItemBucket, place: number, contentId: Uint8Array): number {
  let from = 0;
  let to = bucket.size;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const before = bucket.places[middle]! - place || compareIds(idAt(bucket, middle), contentId);
    if (before < 0) from = middle + 1;
    else to = middle;
  }
  const found = from < bucket.size && compareIds(idAt(bucket, from), contentId) === 0;
  return found ? from : -1;
}

/** Octets 1 to 4 of a key. */
const placeIn = (key: Uint8Array): number => new DataView(key.buffer, key.byteOffset).getUint32(1);

const compareIds = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);

function grown<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
