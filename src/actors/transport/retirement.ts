import type { Clock } from '../../supervisor/contract/clock.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { Connection } from './connection.ts';
import type { SessionTable } from './session-table.ts';

/** Sessions that are at work are left alone for so long. */
const PATIENCE_MS = 60_000;
/** Then they take in nothing more, and have so long for what was asked before. */
export const FINISH_MS = 10_000;
/** A peer between two requests is not idle. */
const IDLE_MS = 1_000;
const LOOK_MS = 100;

/**
 * The end of a shard that is not wanted any more: each session is closed once it has been idle for a second, the rest
 * after a minute, when what was asked for by then is answered. Resolves when there is none, or when the signal says so.
 */
export async function retire(
  clock: Clock,
  sessions: SessionTable,
  connections: ReadonlySet<Connection>,
  signal: AbortSignal,
): Promise<void> {
  const from = clock.now();
  let finishing = false;
  while (connections.size > 0 && !signal.aborted) {
    const passed = clock.now() - from;
    if (passed > PATIENCE_MS + FINISH_MS) return;
    sessions.closeIdle(IDLE_MS);
    if (passed > PATIENCE_MS && !finishing) {
      finishing = true;
      sessions.finish();
    }
    await sleep(clock, LOOK_MS, signal).catch(() => {});
  }
}
