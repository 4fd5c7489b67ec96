import type { Served } from './checks/served.ts';
import { Ground } from './ground.ts';
import { type FaultRow, runFaults } from './run-faults.ts';
import { type Broken, runKills } from './run-kills.ts';
import type { KillRecord } from './strike.ts';
import type { Tally } from './subject.ts';
import { warmUp } from './warm-up.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** The first kill; each is a function of the seed and its number. */
  readonly from: number;
  /** How often each fault is injected. */
  readonly faults: number;
  readonly onlyFault?: string | undefined;
  /** MiB of the large file, and files of the share of small ones. */
  readonly large: number;
  readonly small: number;
  /** Ends the run after the kill and the fault under way. */
  readonly stop?: AbortSignal;
}

export interface ChaosReport {
  readonly ok: boolean;
  readonly seed: number;
  readonly seconds: number;
  readonly kills: readonly KillRecord[];
  readonly faults: readonly FaultRow[];
  readonly served: Served;
  readonly starts: { readonly count: number; readonly failed: number; readonly seconds: readonly number[] };
  readonly wrong_bytes: number;
  readonly violations: readonly Broken[];
}

export interface ChaosListener {
  readonly onKill: (record: KillRecord, broken: Broken | null) => void;
  readonly onFault: (row: FaultRow, broken: Broken | null) => void;
}

/** Kills on one ground, faults on another beside it; both are told as they come. */
export async function runChaos(options: ChaosOptions, listener: ChaosListener): Promise<ChaosReport> {
  const began = performance.now();
  const tally: Tally = { starts: 0, failedStarts: 0, ready: [] };
  const served: Served = { downloads: 0, chunks: 0, kills: 0, served: 0, worst: null };
  const { seed, from, kills, small, stop } = options;
  const makeGround = (name: string) => () => Ground.make({ name, tally, large: options.large << 20, small });
  await warmUp();
  const [killed, faulted] = await Promise.all([
    runKills({
      seed,
      stop,
      from,
      kills,
      costs: { served },
      makeGround: makeGround('kills'),
      onKill: listener.onKill,
    }),
    runFaults({
      ...{ seed, stop, rounds: options.faults, only: options.onlyFault },
      ...{ makeGround: makeGround('faults'), onFault: listener.onFault },
    }),
  ]);
  const violations = [...killed.broken, ...faulted.broken];
  return {
    ok: violations.length === 0,
    seed,
    seconds: (performance.now() - began) / 1000,
    kills: killed.records,
    faults: faulted.rows,
    served,
    starts: { count: tally.starts, failed: tally.failedStarts, seconds: tally.ready },
    wrong_bytes: violations.filter(({ what }) => what.startsWith('wrong bytes')).length,
    violations,
  };
}
