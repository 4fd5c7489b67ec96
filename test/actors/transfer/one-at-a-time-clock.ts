import { type Clock, systemClock } from '../../../src/supervisor/contract/clock.ts';

/** After it the next provider is asked beside those before (`fetch-missing.ts`). */
const NEXT_PROVIDER_MS = 250;

/** Real time, but no first provider is ever too slow for the next one to wait. */
export const oneAtATimeClock: Clock = {
  ...systemClock,
  after: (ms, callback) => systemClock.after(ms === NEXT_PROVIDER_MS ? 3_600_000 : ms, callback),
};
