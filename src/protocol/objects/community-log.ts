import type { CommunityEvent } from '../wire/community-event.ts';

/** The last events of one community, numbered from 1 in the order they happened. */
export interface CommunityLog {
  append(event: CommunityEvent): void;
  /** Forgets the oldest event and returns it. */
  dropOldest(): CommunityEvent | undefined;
  /** Events with numbers above the one in `cursor` (decimal; anything else: from the start), oldest first. */
  after(cursor: string | null): Iterable<readonly [number: number, event: CommunityEvent]>;
  readonly size: number;
}

/** Numbers stay exact up to 2^53; nobody gets there. */
const MAX_DIGITS = 20;

export function createCommunityLog(capacity: number, dropped: (event: CommunityEvent) => void): CommunityLog {
  // A Map keyed by number: the oldest goes without moving the others.
  const events = new Map<number, CommunityEvent>();
  let last = 0;

  function dropOldest(): CommunityEvent | undefined {
    const first = events.entries().next();
    if (first.done) return undefined;
    const [number, event] = first.value;
    events.delete(number);
    dropped(event);
    return event;
  }

  return {
    append(event) {
      if (events.size >= capacity) dropOldest();
      events.set(++last, event);
    },
    dropOldest,
    *after(cursor) {
      const from = Math.max(numberOf(cursor), last - events.size);
      for (let number = from + 1; number <= last; number++) yield [number, events.get(number)!] as const;
    },
    get size() {
      return events.size;
    },
  };
}

function numberOf(cursor: string | null): number {
  if (cursor === null || cursor.length === 0 || cursor.length > MAX_DIGITS) return 0;
  return /^\d+$/.test(cursor) ? Number(cursor) : 0;
}
