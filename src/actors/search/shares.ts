import type { Subscription, Trust } from '../share-types.ts';
import { Candidates, slotsWith } from './candidates.ts';
import { prefixOf, type Query, type QueryTerm, shareTerms } from './query.ts';
import { scoreOf, TIERS, type Tier } from './score.ts';
import type { Segment } from './segment-reader.ts';
import { hasWord, ShareSearch } from './share-search.ts';
import { SlicedFilter } from './sliced-filter.ts';
import { TermPlaces } from './term-places.ts';

/** A subscribed share as the search sees it. */
export interface SearchedShare {
  readonly shareId: string;
  /** The share that its files are told of: itself, or the collection it is a volume of. */
  readonly root: string;
  /** Revision the segment was built from. */
  readonly seq: number;
  readonly trust: Trust;
  readonly weight: number;
  readonly title: string | null;
  readonly description: string | null;
  readonly texts: ReadonlySet<string>;
  readonly segment: Segment;
}

export interface Match {
  readonly share: SearchedShare;
  readonly document: number;
  readonly tier: Tier;
  readonly score: number;
  /** Which of its tier in its share, from 1. */
  readonly nth: number;
}

/** The place of a match in the order of the walk. */
export interface Place {
  readonly score: number;
  readonly tier: Tier;
  readonly shareId: string;
  readonly nth: number;
}

interface Step {
  readonly share: SearchedShare;
  readonly tier: Tier;
  readonly score: number;
}

/** The steps, and side by side what decides whether there is anything to do in one. */
interface Plan {
  readonly steps: readonly Step[];
  readonly slots: Uint32Array;
  readonly tiers: Uint8Array;
  /** Places of the shares among all that are searched. */
  readonly ordinals: Uint32Array;
  readonly shares: number;
}

/** Steps between two yields: passed over, and taken, which may be a millisecond each. */
const STEPS_AT_ONCE = 4096;
const SEARCHES_AT_ONCE = 8;
/** That may have a word, from which on it is remembered where they have it: looking through fewer is soon done. */
const MANY_SHARES = 64;

export function searchedShare(subscription: Subscription, seq: number, segment: Segment): SearchedShare {
  const { shareId, trust, weight, title, description } = subscription;
  const root = subscription.root ?? shareId;
  return {
    shareId,
    root,
    seq,
    trust,
    weight,
    title,
    description,
    texts: shareTerms(title, description),
    segment,
  };
}

/**
 * The shares that are searched. Every (share, tier) pair has one score, so the pairs in the order of their scores are
 * the order of the walk; trust, weight and unsubscribing only change this list.
 */
export class Shares {
  readonly #byId = new Map<string, SearchedShare>();
  readonly #filter = new SlicedFilter<SearchedShare>();
  readonly #places = new TermPlaces();
  #plan: Plan | null = null;
  #revision = 0;

  /** Rises with every change. */
  get revision(): number {
    return this.#revision;
  }

  /** Of what is held of all of them together, beside their segments. */
  get octets(): number {
    return this.#filter.octets + this.#places.octets;
  }

  get(shareId: string): SearchedShare | undefined {
    return this.#byId.get(shareId);
  }

  set(share: SearchedShare): void {
    this.delete(share.shareId);
    this.#byId.set(share.shareId, share);
    this.#filter.add(share);
  }

  delete(shareId: string): void {
    const share = this.#byId.get(shareId);
    if (share !== undefined) this.#filter.remove(share);
    this.#byId.delete(shareId);
    this.#plan = null;
    this.#places.clear();
    this.#revision++;
  }

  values(): Iterable<SearchedShare> {
    return this.#byId.values();
  }

  /** Does what the next search would have to do first. */
  settle(): Generator<undefined, void, void> {
    return this.#filter.settle();
  }

  /**
   * The best `max` matches behind a place, best first. `max` larger only ever adds at the end. A share of weight 0 is
   * not searched, as in the network. A generator that yields every few hundred microseconds.
   */
  *search(
    query: Query,
    max: number,
    visible: (share: SearchedShare) => boolean,
    after: Place | null = null,
  ): Generator<undefined, Match[], void> {
    const matches: Match[] = [];
    yield* this.#filter.settle();
    // Of one moment: what changes while this waits is not in it.
    const { steps, slots, tiers, ordinals, shares } = this.#planned();
    const candidates = new Candidates(this.#filter, query);
    const places = query.terms.map(({ text }, i) =>
      candidates.count(i) < MANY_SHARES ? null : this.#places.of(text, shares),
    );
    /** Null: not to be seen. */
    const searches = new Array<ShareSearch | null | undefined>(shares);
    let taken = 0;
    const first = after === null ? 0 : firstNotBefore(steps, after);
    for (let i = first; i < steps.length; i++) {
      const slot = slots[i]!;
      if (!candidates.has(tiers[i]!, slot)) {
        if (i % STEPS_AT_ONCE === 0) yield;
        continue;
      }
      const step = steps[i]!;
      const ordinal = ordinals[i]!;
      let search = searches[ordinal];
      if (search === undefined) {
        const { segment, texts } = step.share;
        search = visible(step.share)
          ? new ShareSearch(segment, texts, query, candidates.hints(slot), places, ordinal)
          : null;
        searches[ordinal] = search;
      }
      if (search === null) continue;
      const passed = i === first && after !== null && compareSteps(step, after) === 0 ? after.nth : 0;
      const documents = search.tier(step.tier, max - matches.length + passed);
      for (let at = passed; at < documents.length; at++) {
        const { share, tier, score } = step;
        matches.push({ share, document: documents[at]!, tier, score, nth: at + 1 });
      }
      if (matches.length >= max) break;
      if (++taken % SEARCHES_AT_ONCE === 0) yield;
    }
    return matches;
  }

  /** Whether any of the shares has the word, or one that begins so. */
  *has(
    term: QueryTerm,
    asPrefix: boolean,
    visible: (share: SearchedShare) => boolean,
  ): Generator<undefined, boolean, void> {
    yield* this.#filter.settle();
    const beginning = asPrefix ? prefixOf(term.text) : null;
    const shares =
      asPrefix && beginning === null
        ? [...this.#byId.values()]
        : this.#filter.sharesAt(slotsWith(this.#filter, term, beginning));
    for (const [i, share] of shares.entries()) {
      if (visible(share) && hasWord(share.segment, share.texts, term, asPrefix)) return true;
      if (i % SEARCHES_AT_ONCE === 0) yield;
    }
    return false;
  }

  #planned(): Plan {
    if (this.#plan === null) {
      const searched = [...this.#byId.values()]
        .filter(({ weight }) => weight > 0)
        .sort((a, b) => b.weight - a.weight || (a.shareId < b.shareId ? -1 : 1));
      // Of each tier nearly in order: sorting has little to do but to merge them.
      const steps = TIERS.flatMap((tier) =>
        searched.map((share, ordinal) => ({ share, ordinal, tier, score: scoreOf(tier, share.weight) })),
      ).sort((a, b) => compareSteps(a, { score: b.score, tier: b.tier, shareId: b.share.shareId }));
      this.#plan = {
        steps,
        slots: Uint32Array.from(steps, ({ share }) => this.#filter.slot(share)),
        tiers: Uint8Array.from(steps, ({ tier }) => TIERS.indexOf(tier)),
        ordinals: Uint32Array.from(steps, ({ ordinal }) => ordinal),
        shares: searched.length,
      };
    }
    return this.#plan;
  }
}

/** The order of the walk. */
function compareSteps(step: Step, place: Pick<Place, 'score' | 'tier' | 'shareId'>): number {
  if (step.score !== place.score) return place.score - step.score;
  if (step.tier !== place.tier) return TIERS.indexOf(step.tier) - TIERS.indexOf(place.tier);
  const { shareId } = step.share;
  return shareId === place.shareId ? 0 : shareId < place.shareId ? -1 : 1;
}

function firstNotBefore(steps: readonly Step[], place: Place): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareSteps(steps[middle]!, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
