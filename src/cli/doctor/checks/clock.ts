import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { controlFile, lastStopFile } from '../../../settings/run-folder.ts';
import { secondsText } from '../../units.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';

const NAME = 'clock';
/** Nothing here is older. */
const EARLIEST_MS = Date.UTC(2025, 0, 1);
/** File systems of other machines have clocks of their own. */
const AHEAD_MS = 60_000;
/** The control file is written at the end of a start, and the node counts from its beginning. */
const BACK_MS = 120_000;
const MEND = 'set the clock, and keep it set: timedatectl set-ntp true';

export interface ClockFacts {
  readonly wallMs: number;
  /** The latest change of a file that nodes write. */
  readonly written: { readonly path: string; readonly ms: number } | null;
  /** How far the wall clock went, and how far time went, since a moment of this machine. */
  readonly since: { readonly wallMs: number; readonly monotonicMs: number; readonly what: string } | null;
}

/**
 * Whether the time of day can be true. Nobody on the network is asked: only what this machine knows is compared. A
 * wall clock that went further than time is no fault: a machine that sleeps shows the same.
 */
export function judgeClock({ wallMs, written, since }: ClockFacts): Check {
  const now = new Date(wallMs).toISOString();
  if (wallMs < EARLIEST_MS) return fail(NAME, `it is ${now} here, which cannot be`, MEND);
  if (written !== null && written.ms - wallMs > AHEAD_MS) {
    const ahead = secondsText((written.ms - wallMs) / 1000);
    return warn(NAME, `it is ${now} here, and ${written.path} was written ${ahead} after that`, MEND);
  }
  if (since !== null && since.monotonicMs - since.wallMs > BACK_MS) {
    const back = secondsText((since.monotonicMs - since.wallMs) / 1000);
    return warn(NAME, `the clock was set back by ${back} ${since.what}`, MEND);
  }
  return ok(NAME, `it is ${now}`);
}

export async function clock({ home, node }: Facts): Promise<Check> {
  const control = controlFile(home);
  const files = [control, lastStopFile(home), ...['state.db', 'VERSION'].map((name) => join(home, name))];
  const times = await Promise.all(files.map(async (path) => ({ path, ms: await modified(path) })));
  const [newest] = times
    .flatMap(({ path, ms }) => (ms === null ? [] : [{ path, ms }]))
    .sort((a, b) => b.ms - a.ms);
  const startedAt = times[0]?.ms ?? null;
  const wallMs = Date.now();
  const running = node.state === 'running' && startedAt !== null;
  return judgeClock({
    wallMs,
    written: newest ?? null,
    since: running
      ? {
          wallMs: wallMs - startedAt,
          monotonicMs: node.stats.uptime * 1000,
          what: 'since the node started',
        }
      : null,
  });
}

async function modified(path: string): Promise<number | null> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return null;
  }
}
