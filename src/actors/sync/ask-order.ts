import type { PeerTarget } from '../transport/contract.ts';

/** Peers are asked beyond those that were wanted while none of them answers, so many at most. */
const MORE_WHEN_SILENT = 2;

export interface AskOrder {
  /** Asked at the same time. */
  readonly first: readonly PeerTarget[];
  /** Asked one after the other while nobody has answered. */
  readonly later: readonly PeerTarget[];
}

export interface AskOptions {
  /** Peers that are wanted. */
  readonly limit: number;
  /** Targets of the share's own, which come first among all. */
  readonly own: number;
  /** Who had the last news. */
  readonly best: string | null;
  /** Times it was looked for. */
  readonly turn: number;
}

/**
 * Whom to ask about a share when not all can be: in every other turn the one that had the last news, or that its link
 * names first; in between its own peers and all peers by turns, in circles, so that nobody who may have news is never asked.
 */
export function askOrder(targets: readonly PeerTarget[], { limit, own, best, turn }: AskOptions): AskOrder {
  if (limit >= targets.length) return { first: targets, later: [] };
  const favourite = targets.find(({ address }) => address === best) ?? targets[0]!;
  const round = Math.floor(turn / 4);
  const circle =
    turn % 4 === 1
      ? [...turned(targets.slice(0, own), round), ...targets.slice(own)]
      : turned(targets, round);
  const others = circle.filter((target) => target !== favourite);
  const ordered = turn % 2 === 0 ? [favourite, ...others] : [...others, favourite];
  return { first: ordered.slice(0, limit), later: ordered.slice(limit, limit + MORE_WHEN_SILENT) };
}

function turned<T>(list: readonly T[], by: number): readonly T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
