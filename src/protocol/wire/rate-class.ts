import type { Dialect } from '../dialect.ts';

/** The groups in which a node counts the requests of one remote key (SCP2P wire, section 7). */
export type RateClass = 'dht' | 'fetch' | 'community' | 'chunk' | 'relay';

/** Requests of one class, and of all classes together, in one window. */
export const RATE_LIMITS: Readonly<Record<RateClass | 'total', number>> = {
  dht: 600,
  fetch: 240,
  community: 120,
  chunk: 600,
  relay: 180,
  total: 1200,
};

/** A fixed window, in seconds; the counts start anew after it. */
export const RATE_WINDOW_SECS = 60;

// The five-key dialect counts requests only, and leaves peer exchange, HAVE_CONTENT and relay lists out of every class;
// the later ones put every type into one.
const CLASSES_OF_5_KEYS: Readonly<Record<RateClass, readonly number[]>> = {
  dht: [200, 201, 202],
  fetch: [400, 402, 404, 406, 502],
  community: [],
  chunk: [500],
  relay: [450, 452, 453],
};
const CLASSES_OF_8_KEYS: Readonly<Record<RateClass, readonly number[]>> = {
  dht: [200, 201, 202, 100, 101, 498],
  fetch: [400, 401, 402, 403, 404, 405, 406, 407, 502, 503, 499],
  community: [410, 411, 412, 413, 414, 415, 416, 417],
  chunk: [500, 501],
  relay: [450, 451, 452, 453, 460, 461],
};

const byType5 = index(CLASSES_OF_5_KEYS);
const byType8 = index(CLASSES_OF_8_KEYS);

/** The class of a message type; null: it counts towards the total, but is not refused by it. */
export function rateClassOf(type: number, dialect: Dialect): RateClass | null {
  return (dialect.capabilityKeys === 5 ? byType5 : byType8).get(type) ?? null;
}

function index(classes: Readonly<Record<RateClass, readonly number[]>>): ReadonlyMap<number, RateClass> {
  const entries = Object.entries(classes) as [RateClass, readonly number[]][];
  return new Map(entries.flatMap(([name, types]) => types.map((type) => [type, name] as const)));
}
