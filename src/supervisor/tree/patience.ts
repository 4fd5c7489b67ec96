import type { Clock } from '../contract/clock.ts';
import type { Deadlines } from '../runtime/deadlines.ts';

/** Later than this, this process did not run, and neither did those it waited for. */
const LATE_MS = 1_000;

/**
 * A deadline for an actor that a sleeping machine does not use up: fired much too late, it begins anew. The
 * returned function takes it back.
 */
export function patience(deadlines: Deadlines, clock: Clock, ms: number, expire: () => void): () => void {
  let disarm = () => {};
  const arm = () => {
    const due = clock.now() + ms;
    disarm = deadlines.add(ms, () => (clock.now() - due > LATE_MS ? arm() : expire()));
  };
  arm();
  return () => disarm();
}
