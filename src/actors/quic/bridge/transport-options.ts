import type { Congestion } from '../../../bridge-link/preamble.ts';

/** Both sides send something this often, so that paths through address translators stay open. */
const KEEP_ALIVE_MS = 2_500;
/**
 * A peer that was killed, or that moved, is noticed after so long: before the ten seconds that a request may take, so
 * that whoever asked dials again instead of failing.
 */
const IDLE_MS = 7_500;

/** `streams`: bidirectional ones that the other side may open. A session has one, opened by whoever dialled. */
export const transportOptions = (streams: number, congestion: Congestion) => ({
  keepAliveInterval: KEEP_ALIVE_MS,
  maxIdleTimeout: IDLE_MS,
  maxConcurrentBidirectionalStreams: streams,
  maxConcurrentUnidirectionalStreams: 0,
  congestionControl: congestion === 'bbr' ? ('low-latency' as const) : ('default' as const),
});
