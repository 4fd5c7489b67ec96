/** A share as a pass looks at it. Times are the clock's milliseconds. */
export interface Candidate {
  readonly shareId: string;
  /** Whom it could be asked of, about. */
  readonly peers: number;
  /** When it was last looked for; never: minus infinity. */
  readonly lookedAt: number;
  /** When a new revision of it was last seen in this life; never: minus infinity. */
  readonly changedAt: number;
}

export interface Planned {
  readonly shareId: string;
  /** How many of its peers are asked; Infinity: all of them. */
  readonly peers: number;
}

/** A share that changed so long ago is looked for that much less often: a tenth of its rest. */
const REST_SHARE = 10;
/** A share at rest is looked for at least so often, as far as there is room, and so is one not seen changing yet. */
const LONGEST_MS = 6 * 3_600_000;

/**
 * Which shares a pass looks for with so many requests, and how many peers it asks about each. Where there is room for
 * everybody, all are asked about all. Where there is not, shares come by how late they are, measured by how often they
 * change: each is asked of one peer at least, and what does not fit is the first of a later pass.
 */
export function planPass(
  shares: readonly Candidate[],
  requests: number,
  intervalMs: number,
  now: number,
): readonly Planned[] {
  const latest = [...shares].sort(
    (a, b) => lateness(b, intervalMs, now) - lateness(a, intervalMs, now) || order(a, b),
  );
  const wanted = latest.reduce((sum, { peers }) => sum + Math.max(1, peers), 0);
  if (wanted <= requests) return latest.map(({ shareId }) => ({ shareId, peers: Number.POSITIVE_INFINITY }));
  const chosen = latest.slice(0, Math.max(0, Math.floor(requests)));
  const each = Math.max(1, Math.floor(requests / Math.max(1, chosen.length)));
  return chosen.map(({ shareId }) => ({ shareId, peers: each }));
}

/** How many times over the time is up after which the share is to be looked for again. */
function lateness({ lookedAt, changedAt }: Candidate, intervalMs: number, now: number): number {
  if (lookedAt === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
  const rest = changedAt === Number.NEGATIVE_INFINITY ? LONGEST_MS : (now - changedAt) / REST_SHARE;
  return (now - lookedAt) / Math.max(1, intervalMs, Math.min(rest, LONGEST_MS));
}

/** What waited longest, and then the same for everybody who looks. */
const order = (a: Candidate, b: Candidate): number =>
  a.lookedAt < b.lookedAt ? -1 : a.lookedAt > b.lookedAt ? 1 : a.shareId < b.shareId ? -1 : 1;
