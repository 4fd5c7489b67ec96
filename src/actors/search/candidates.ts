import { bitIn } from './bits.ts';
import type { Query, QueryTerm } from './query.ts';
import { TIERS, type Tier } from './score.ts';
import type { Slots } from './sliced-filter.ts';
import type { TermHash } from './term-hash.ts';

/** Which slots may have an entry: a bit for each of them. */
export interface Filter {
  readonly width: number;
  look(hash: TermHash): Slots;
}

/** What the filters say of one share. They say yes too often, never no wrongly. */
export interface Hints {
  /** Of which terms of the query, a bit each: there are 16 at most. */
  readonly known: number;
  /** In which of the tiers something may be found, a bit each. */
  readonly tiers: number;
}

/** Nothing is ruled out. */
export const NO_HINTS: Hints = { known: -1, tiers: -1 };

/** The shares in which something of a query may be found, by tier. */
export class Candidates {
  readonly #known: readonly Slots[];
  readonly #tiers: readonly Slots[];

  constructor(filter: Filter, query: Query) {
    this.#known = query.terms.map(({ hash }) => filter.look(hash));
    const tiers = tiersOf(filter, query, this.#known);
    this.#tiers = TIERS.map((tier) => tiers[tier]);
  }

  /** Whether the share in that slot may have something in the tier at that place. */
  has(tier: number, slot: number): boolean {
    return bitIn(this.#tiers[tier]!, 0, slot);
  }

  /** How many shares may have the term at that place of the query. */
  count(term: number): number {
    return this.#known[term]!.reduce((sum, octet) => sum + ones(octet), 0);
  }

  hints(slot: number): Hints {
    return { known: gathered(this.#known, slot), tiers: gathered(this.#tiers, slot) };
  }
}

/** Whether each slot has the word, or in place of it a beginning, in a name, a tag or the texts of its share. */
export function slotsWith(filter: Filter, { hash, ofShare }: QueryTerm, beginning: TermHash | null): Slots {
  return or(filter.look(beginning ?? hash), filter.look(ofShare));
}

function tiersOf(filter: Filter, query: Query, known: readonly Slots[]): Record<Tier, Slots> {
  const { name, prefix, stems, terms } = query;
  const look = (hash: TermHash) => filter.look(hash);
  const none = new Uint8Array(filter.width);
  const exact = look(name);
  if (terms.length === 0) return { exact, name: none, prefix: none, stem: none, tags: none, share: none };
  const every = none.map(() => 0xff);
  const others = known.slice(0, -1).reduce(and, every);
  const all = and(others, known.at(-1)!);
  const texts = terms.map(({ ofShare }) => look(ofShare));
  const anyText = texts.reduce(or);
  return {
    exact,
    name: all,
    prefix: prefix === null ? others : and(others, look(prefix)),
    stem:
      stems === null
        ? none
        : stems.forms.map((forms) => forms.map(({ hash }) => look(hash)).reduce(or)).reduce(and),
    // With every term in its name an item is in a better tier.
    tags: isEmpty(all) ? none : and(all, terms.map(({ tagged }) => look(tagged)).reduce(or)),
    share: isEmpty(anyText) ? none : known.map((slots, i) => or(slots, texts[i]!)).reduce(and, anyText),
  };
}

function gathered(sets: readonly Slots[], slot: number): number {
  let bits = 0;
  for (let i = 0; i < sets.length; i++) if (bitIn(sets[i]!, 0, slot)) bits |= 1 << i;
  return bits;
}

function and(a: Slots, b: Slots): Slots {
  const both = new Uint8Array(a.length);
  for (let i = 0; i < both.length; i++) both[i] = a[i]! & b[i]!;
  return both;
}

function or(a: Slots, b: Slots): Slots {
  const either = new Uint8Array(a.length);
  for (let i = 0; i < either.length; i++) either[i] = a[i]! | b[i]!;
  return either;
}

function isEmpty(slots: Slots): boolean {
  for (let i = 0; i < slots.length; i++) if (slots[i] !== 0) return false;
  return true;
}

function ones(octet: number): number {
  let count = 0;
  for (let rest = octet; rest !== 0; rest &= rest - 1) count++;
  return count;
}
