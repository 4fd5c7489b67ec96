/**
 * How well an item matches, best first:
 *
 *   exact   its whole name is the query
 *   name    every term of the query is in its name
 *   prefix  every term but the last is in its name, and a word of it begins with the last
 *   stem    every term of the query, or a word of the same stem, is in its name; only with stemming
 *   tags    every term is in its name or in one of its tags
 *   share   every term is in its name, its tags, or the title or description of its share
 *
 * The score of a hit is the base of its tier times the weight of its share, so results in the order of their scores
 * are results in the order in which the search found them. Hits of one tier in one share have one score; shorter
 * names come first among them. What is found by a corrected word comes behind all that is found as typed.
 */
export const TIERS = ['exact', 'name', 'prefix', 'stem', 'tags', 'share'] as const;
export type Tier = (typeof TIERS)[number];

const BASES: Readonly<Record<Tier, number>> = {
  exact: 100,
  name: 80,
  prefix: 60,
  stem: 50,
  tags: 40,
  share: 20,
};
/** What a score is worth when a word was corrected. */
const CORRECTED = 0.5;

export const scoreOf = (tier: Tier, weight: number): number => BASES[tier] * weight;

/** Never above what was found as typed. */
export const correctedScore = (score: number, lowestAsTyped: number): number =>
  Math.min(score * CORRECTED, lowestAsTyped);
