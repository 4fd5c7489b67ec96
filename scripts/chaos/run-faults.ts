import { Random } from '../../src/supervisor/testing/random.ts';
import { FAULTS } from './faults/index.ts';
import type { Ground } from './ground.ts';
import { type Broken, wordsOf } from './run-kills.ts';
import { Violation } from './violation.ts';

/** Longer than any fault takes on any machine. */
const FAULT_MS = 240_000;

/** A row of the table. */
export interface FaultRow {
  readonly name: string;
  injected: number;
  readonly expected: string;
  /** Of the last time; why it was skipped. */
  seen: string;
  skipped: boolean;
  ok: boolean;
}

export interface FaultRun {
  readonly seed: number;
  /** How often each comes. */
  readonly rounds: number;
  /** Only those whose names have one of these in them, with commas between. */
  readonly only?: string | undefined;
  readonly stop?: AbortSignal | undefined;
  readonly makeGround: () => Promise<Ground>;
  readonly onFault: (row: FaultRow, broken: Broken | null) => void;
}

/** Every fault, round after round, on one ground; after one that broke something the folder stays, and a new ground is made. */
export async function runFaults(run: FaultRun): Promise<{ rows: FaultRow[]; broken: Broken[] }> {
  const faults = FAULTS.filter(
    ({ name }) => run.only === undefined || run.only.split(',').some((part) => name.includes(part)),
  );
  const rows = faults.map(({ name, expected }): FaultRow => {
    return { name, injected: 0, expected, seen: 'not injected', skipped: false, ok: true };
  });
  const broken: Broken[] = [];
  if (run.rounds === 0 || faults.length === 0) return { rows, broken };
  let ground = await run.makeGround();
  for (let round = 0; round < run.rounds; round++) {
    for (const [index, fault] of faults.entries()) {
      if (run.stop?.aborted) break;
      const row = rows[index]!;
      const random = new Random(run.seed * 7_919 + round * 101 + index);
      const from = performance.now();
      let found: Broken | null = null;
      try {
        const seen = await inTime(fault.inject(ground, random, round));
        ground.checkDeaths();
        row.skipped = 'skipped' in seen;
        row.seen = 'skipped' in seen ? `skipped: ${seen.skipped}` : seen.seen;
        row.injected += 'skipped' in seen ? 0 : (seen.times ?? 1);
      } catch (error) {
        const what = wordsOf(error, ground);
        const ms = Math.round(performance.now() - from);
        found = { what, seed: run.seed, kill: null, phase: fault.name, ms, folder: ground.root };
        broken.push(found);
        row.injected++;
        row.seen = what.split('\n')[0]!;
        row.ok = false;
      }
      run.onFault(row, found);
      if (found === null) continue;
      await ground.close(true);
      ground = await run.makeGround();
    }
  }
  await ground.close(false);
  return { rows, broken };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Violation(`no end after ${FAULT_MS / 1000} s`)), FAULT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
