/** What an answer and a failure count for, and the bounds: those of the network's reference (SCP2P wire, section 11). */
export const SUCCESS = 1;
export const FAILURE = -2;
const LIMIT = 10;
/** After so long half of a score is forgotten: what a peer was like last week says little. */
const HALF_LIFE_SECONDS = 6 * 3_600;

export interface Score {
  readonly score: number;
  /** Unix seconds at which it was that. */
  readonly scoreAt: number;
}

/** What is left of a score by now. A clock that was set back changes nothing. */
export const decayed = ({ score, scoreAt }: Score, now: number): number =>
  score * 0.5 ** (Math.max(0, now - scoreAt) / HALF_LIFE_SECONDS);

export const rated = (before: Score, change: number, now: number): Score => ({
  score: Math.max(-LIMIT, Math.min(LIMIT, decayed(before, now) + change)),
  scoreAt: now,
});
