import type { Subscription, Trust } from '../store/contract.ts';
import { type Query, shareTerms } from './query.ts';
import { scoreOf, TIERS, type Tier } from './score.ts';
import type { Segment } from './segment-reader.ts';
import { ShareSearch } from './share-search.ts';

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
}

interface Step {
  readonly share: SearchedShare;
  readonly tier: Tier;
  readonly score: number;
}

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
  #plan: readonly Step[] | null = null;

  get(shareId: string): SearchedShare | undefined {
    return this.#byId.get(shareId);
  }

  set(share: SearchedShare): void {
    this.#byId.set(share.shareId, share);
    this.#plan = null;
  }

  delete(shareId: string): void {
    this.#byId.delete(shareId);
    this.#plan = null;
  }

  values(): Iterable<SearchedShare> {
    return this.#byId.values();
  }

  /**
   * The best `max` matches, best first. `max` larger only ever adds at the end. A share of weight 0 is not searched,
   * as in the network.
   */
  search(query: Query, max: number, visible: (share: SearchedShare) => boolean): Match[] {
    const matches: Match[] = [];
    const searches = new Map<SearchedShare, ShareSearch>();
    const shown = new Map<SearchedShare, boolean>();
    for (const { share, tier, score } of this.#steps()) {
      let isShown = shown.get(share);
      if (isShown === undefined) {
        isShown = visible(share);
        shown.set(share, isShown);
      }
      if (!isShown) continue;
      let search = searches.get(share);
      if (search === undefined) {
        search = new ShareSearch(share.segment, share.texts, query);
        searches.set(share, search);
      }
      for (const document of search.tier(tier, max - matches.length)) {
        matches.push({ share, document, tier, score });
      }
      if (matches.length >= max) break;
    }
    return matches;
  }

  #steps(): readonly Step[] {
    this.#plan ??= [...this.#byId.values()]
      .filter(({ weight }) => weight > 0)
      .flatMap((share) => TIERS.map((tier) => ({ share, tier, score: scoreOf(tier, share.weight) })))
      .sort(
        (a, b) =>
          b.score - a.score ||
          TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) ||
          (a.share.shareId < b.share.shareId ? -1 : 1),
      );
    return this.#plan;
  }
}
