import { toHex } from '../crypto/bytes.ts';

/**
 * Records of one kind by 32-octet key, in key order for paging, in order of arrival for eviction. Holds `capacity`
 * records; when one more comes the one that was written longest ago goes.
 */
export interface CommunityTable<T> {
  get(key: Uint8Array): T | undefined;
  set(key: Uint8Array, value: T): void;
  /** Removes the record written longest ago and returns it. */
  dropOldest(): T | undefined;
  /** Records after the key in `cursor` (64 hex digits in either case; anything else: from the start), in key order. */
  after(cursor: string | null): Iterable<T>;
  readonly size: number;
}

export function createCommunityTable<T>(capacity: number, dropped: (value: T) => void): CommunityTable<T> {
  const records = new Map<string, T>();
  // Sorted when asked for, thrown away when a key comes or goes.
  let order: string[] | null = null;

  function dropOldest(): T | undefined {
    const first = records.entries().next();
    if (first.done) return undefined;
    const [name, value] = first.value;
    records.delete(name);
    order = null;
    dropped(value);
    return value;
  }

  return {
    get: (key) => records.get(toHex(key)),
    set(key, value) {
      const name = toHex(key);
      const known = records.get(name);
      if (known === undefined) {
        order = null;
        if (records.size >= capacity) dropOldest();
      } else {
        records.delete(name);
        dropped(known);
      }
      records.set(name, value);
    },
    dropOldest,
    *after(cursor) {
      order ??= [...records.keys()].sort();
      const sorted = order;
      for (let i = firstAfter(sorted, cursor); i < sorted.length; i++) yield records.get(sorted[i]!)!;
    },
    get size() {
      return records.size;
    },
  };
}

function firstAfter(sorted: readonly string[], cursor: string | null): number {
  const name = cursor?.toLowerCase() ?? '';
  if (!isKeyName(name)) return 0;
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isKeyName(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}
