import { mostOf } from './checks/served.ts';
import type { ChaosReport } from './run-chaos.ts';
import type { FaultRow } from './run-faults.ts';
import type { Broken } from './run-kills.ts';
import type { KillRecord } from './strike.ts';

const seconds = (value: number): string => `${value.toFixed(2)} s`;
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
const highest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), 0);

/** The value below which so large a part of them lies. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}

export interface PhaseRow {
  readonly phase: string;
  readonly kills: number;
  /** What was to be cut off had not ended. */
  readonly midst: number;
  readonly ready_mean: number;
  readonly ready_most: number;
  /** Bytes hashed or fetched again. */
  readonly again_mean: number;
  readonly again_most: number;
}

export function phaseRows(kills: readonly KillRecord[]): PhaseRow[] {
  return [...new Set(kills.map(({ phase }) => phase))].sort().map((phase) => {
    const of = kills.filter((kill) => kill.phase === phase);
    const ready = of.flatMap((kill) => kill.ready ?? []);
    const again = of.flatMap((kill) => kill.again ?? []);
    return {
      ...{ phase, kills: of.length, midst: of.filter((kill) => kill.midst).length },
      ...{ ready_mean: mean(ready), ready_most: highest(ready) },
      ...{ again_mean: mean(again), again_most: highest(again) },
    };
  });
}

/** What a failed run says of one failure: enough to see it again, and where to look. */
export const brokenText = ({ what, seed, kill, phase, ms, folder }: Broken): string =>
  [
    `BROKEN: ${what}`,
    `  seed ${seed}, ${kill === null ? 'fault' : `kill ${kill}`}, ${phase}, ${ms} ms into it`,
    `  the folder is kept: ${folder}`,
    kill === null
      ? `  again: npm run chaos -- --seed ${seed} --kills 0 --faults 1 --fault ${JSON.stringify(phase)}`
      : `  again: npm run chaos -- --seed ${seed} --from ${kill} --kills 1 --faults 0`,
  ].join('\n');

export const killText = ({ kill, phase, victim, moment, ms, midst, ready }: KillRecord): string =>
  `kill ${kill}: ${phase} (${moment}), the ${victim}, ${ms} ms${midst ? '' : ', after its end'}; ready in ${seconds(ready ?? 0)}`;

export const faultText = ({ name, seen }: FaultRow): string => `fault: ${name}: ${seen}`;

export function reportText(report: ChaosReport): string {
  const { served, starts, kills, faults } = report;
  const phases = phaseRows(kills).map((row) => [
    row.phase,
    `${row.kills}`,
    `${row.midst}`,
    seconds(row.ready_mean),
    seconds(row.ready_most),
    `${mib(row.again_mean)} / ${mib(row.again_most)}`,
  ]);
  const injected = faults.filter(({ injected, skipped }) => injected > 0 || skipped);
  const lines = [
    ...table(['phase', 'kills', 'in the midst', 'ready, mean', 'at most', 'done again, mean / most'], phases),
    '',
    ...table(
      ['fault', 'injected', 'ok', 'seen'],
      injected.map(({ name, injected, ok, seen, skipped }) => [
        name,
        `${injected}`,
        ok ? (skipped ? 'skipped' : 'ok') : 'BROKEN',
        seen,
      ]),
    ),
    '',
    `wrong bytes ${report.wrong_bytes}; failed starts ${starts.failed} of ${starts.count}; ready in ${seconds(quantile(starts.seconds, 0.5))} (median), ${seconds(quantile(starts.seconds, 0.95))} (95 %), ${seconds(highest(starts.seconds))} (most)`,
    `chunks: ${served.served} sent for ${served.downloads} downloads of ${served.chunks} with ${served.kills} kills`,
  ];
  if (served.worst !== null) {
    const { worst } = served;
    lines.push(
      `nearest to its bound: ${worst.served} sent, ${mostOf(worst)} allowed = ${worst.chunks} chunks + ${worst.kills} kill x (${worst.in_flight} in flight + ${Math.ceil(worst.per_second)} of one second)`,
    );
  }
  lines.push(
    `${kills.length} kills and ${faults.reduce((sum, { injected }) => sum + injected, 0)} faults in ${report.seconds.toFixed(0)} s, seed ${report.seed}: ${report.ok ? 'nothing broken' : `${report.violations.length} BROKEN`}`,
  );
  return lines.join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
