import type { Subscription, Trust } from '../share-types.ts';
import { type Query, type QueryTerm, shareTerms } from './query.ts';
import { scoreOf, TIERS, type Tier } from './score.ts';
import type { Segment } from './segment-reader.ts';
import { hasWord, ShareSearch } from './share-search.ts';

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
  /** Place of the share among those of the plan. */
  readonly ordinal: number;
  readonly tier: Tier;
  readonly score: number;
}

/** Steps between two yields: over shares that have nothing, and over others, which take up to a millisecond each. */
const STEPS_AT_ONCE = 128;
const SEARCHES_AT_ONCE = 8;

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
  #plan: { readonly steps: readonly Step[]; readonly shares: number } | null = null;
  #revision = 0;

  /** Rises with every change. */
  get revision(): number {
    return this.#revision;
  }

  get(shareId: string): SearchedShare | undefined {
    return this.#byId.get(shareId);
  }

  set(share: SearchedShare): void {
    this.#byId.set(share.shareId, share);
    this.#plan = null;
    this.#revision++;
  }

  delete(shareId: string): void {
    this.#byId.delete(shareId);
    this.#plan = null;
    this.#revision++;
  }

  values(): Iterable<SearchedShare> {
    return this.#byId.values();
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
    const { steps, shares } = this.#planned();
    /** Null: nothing to find there. */
    const searches = new Array<ShareSearch | null | undefined>(shares);
    const first = after === null ? 0 : firstNotBefore(steps, after);
    for (let i = first; i < steps.length; i++) {
      const step = steps[i]!;
      let search = searches[step.ordinal];
      if (search === undefined) {
        search = this.#searchOf(step.share, query, visible);
        searches[step.ordinal] = search;
      }
      if (search === null) {
        if (i % STEPS_AT_ONCE === 0) yield;
        continue;
      }
      const passed = i === first && after !== null && compareSteps(step, after) === 0 ? after.nth : 0;
      const documents = search.tier(step.tier, max - matches.length + passed);
      for (let at = passed; at < documents.length; at++) {
        const { share, tier, score } = step;
        matches.push({ share, document: documents[at]!, tier, score, nth: at + 1 });
      }
      if (matches.length >= max) break;
      if (i % SEARCHES_AT_ONCE === 0) yield;
    }
    return matches;
  }

  /** Whether any of the shares has the word, or one that begins so. */
  *has(
    term: QueryTerm,
    asPrefix: boolean,
    visible: (share: SearchedShare) => boolean,
  ): Generator<undefined, boolean, void> {
    let looked = 0;
    for (const share of [...this.#byId.values()]) {
      if (visible(share) && hasWord(share.segment, share.texts, term, asPrefix)) return true;
      if (++looked % STEPS_AT_ONCE === 0) yield;
    }
    return false;
  }

  #searchOf(
    share: SearchedShare,
    query: Query,
    visible: (share: SearchedShare) => boolean,
  ): ShareSearch | null {
    if (!visible(share)) return null;
    const search = new ShareSearch(share.segment, share.texts, query);
    return search.hopeless ? null : search;
  }

  #planned() {
    if (this.#plan === null) {
      const searched = [...this.#byId.values()].filter(({ weight }) => weight > 0);
      const steps = searched
        .flatMap((share, ordinal) =>
          TIERS.map((tier) => ({ share, ordinal, tier, score: scoreOf(tier, share.weight) })),
        )
        .sort((a, b) => compareSteps(a, { ...b, shareId: b.share.shareId }));
      this.#plan = { steps, shares: searched.length };
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
