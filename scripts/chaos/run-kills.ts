import { Random } from '../../src/supervisor/testing/random.ts';
import { servesOn } from './checks/serves-on.ts';
import type { Ground } from './ground.ts';
import { phaseOf } from './phases/index.ts';
import { type Costs, type KillRecord, Scene } from './strike.ts';
import { Violation } from './violation.ts';

/** Longer than any phase takes on any machine. */
const PHASE_MS = 180_000;

/** What was broken, and where to look. */
export interface Broken {
  readonly what: string;
  readonly seed: number;
  readonly kill: number | null;
  readonly phase: string;
  readonly ms: number | null;
  readonly folder: string;
}

export interface KillRun {
  readonly seed: number;
  readonly from: number;
  readonly kills: number;
  readonly stop?: AbortSignal | undefined;
  readonly makeGround: () => Promise<Ground>;
  readonly costs: Costs;
  readonly onKill: (record: KillRecord, broken: Broken | null) => void;
}

/** Kill after kill on one ground; after one that broke something the folder stays, and a new ground is made. */
export async function runKills(run: KillRun): Promise<{ records: KillRecord[]; broken: Broken[] }> {
  const records: KillRecord[] = [];
  const broken: Broken[] = [];
  if (run.kills === 0) return { records, broken };
  let ground = await run.makeGround();
  for (let kill = run.from; kill < run.from + run.kills && !run.stop?.aborted; kill++) {
    const phase = phaseOf(run.seed, kill);
    const record: KillRecord = {
      ...{ kill, phase: phase.name, victim: '', moment: '', ms: 0, midst: false, ready: null, again: null },
    };
    const random = new Random(run.seed * 1_000_003 + kill);
    let found: Broken | null = null;
    try {
      await phase.run(new Scene(ground, random, record, run.costs, AbortSignal.timeout(PHASE_MS)));
      ground.checkDeaths();
    } catch (error) {
      const what = wordsOf(error, ground);
      found = { what, seed: run.seed, kill, phase: phase.name, ms: record.ms, folder: ground.root };
      broken.push(found);
    }
    records.push(record);
    run.onKill(record, found);
    if (found === null) continue;
    await ground.close(true);
    ground = await run.makeGround();
  }
  await ground.close(!(await atTheEnd(run, ground, broken)));
  return { records, broken };
}

/** What the downloader has come to hold it must also serve. */
async function atTheEnd(run: KillRun, ground: Ground, broken: Broken[]): Promise<boolean> {
  try {
    await servesOn(ground);
    return true;
  } catch (error) {
    const what = wordsOf(error, ground);
    broken.push({ what, seed: run.seed, kill: null, phase: 'serving on', ms: null, folder: ground.root });
    return false;
  }
}

/** What was broken; a part that died says why something else could not go on. */
export function wordsOf(error: unknown, ground: Ground): string {
  const what = error instanceof Violation ? error.message : `not gone on: ${(error as Error).stack}`;
  try {
    ground.checkDeaths();
    return what;
  } catch (death) {
    return `${what}; ${(death as Violation).message}`;
  }
}
