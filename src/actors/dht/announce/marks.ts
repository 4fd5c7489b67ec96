import type { DhtContext } from '../context.ts';
import { BUCKETS, type CycleMark } from './cycle.ts';

/** Among the settings that the store keeps. */
const KEPT_AS = 'announced';

/** How far this node was with what it tells the network. */
export interface Marks {
  readonly cycle: CycleMark;
  /** Contents that came later than this lease are not told yet. */
  readonly epoch: number;
  /** Contents that were told, by the first octet of their keys. */
  readonly given: readonly number[];
  /** Milliseconds since 1970 when all own shares had been given; null: never. */
  readonly shares: number | null;
}

/** What a former life kept; null when there is nothing that can be used. */
export async function recallMarks({ refs, log }: DhtContext): Promise<Marks | null> {
  const text = await refs.store.ask('settingKept', { name: KEPT_AS });
  if (text === null) return null;
  const marks = readMarks(text);
  if (marks === null)
    log.warn({}, 'how far this node was with telling what it has cannot be read: all is told anew');
  return marks;
}

export async function keepMarks({ refs }: DhtContext, marks: Marks): Promise<void> {
  await refs.store.ask('keepSetting', { name: KEPT_AS, value: JSON.stringify(marks) });
}

/** Null for anything but what `keepMarks` wrote. */
export function readMarks(text: string): Marks | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { cycle, epoch, given, shares } = (value ?? {}) as Partial<Marks>;
  const counts = Array.isArray(given) && given.length === BUCKETS && given.every(isCount);
  if (!counts || !isCount(cycle?.slotMs) || !isCount(cycle?.done) || !isCount(epoch)) return null;
  return {
    cycle: { slotMs: cycle.slotMs, done: cycle.done },
    epoch,
    given,
    shares: isCount(shares) ? shares : null,
  };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
