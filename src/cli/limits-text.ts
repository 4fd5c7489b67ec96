import type { LimitRow, ScheduleRow } from '../actors/limits/contract.ts';
import type { LimitsResult } from '../control-link/results.ts';
import { table } from './table.ts';
import { bytesText, rateText } from './units.ts';

/** What is in force, as a person reads it. */
export function limitsText({ limits, quotas, schedule }: LimitsResult): string {
  const parts = [capTable(limits)];
  if (quotas.length > 0) parts.push(quotaTable(quotas));
  if (schedule.length > 0) parts.push(scheduleTable(schedule));
  return parts.join('\n\n');
}

const capTable = (rows: readonly LimitRow[]): string =>
  table(
    [
      { title: 'SCOPE', value: (row) => row.scope },
      { title: 'WAY', value: (row) => row.direction },
      { title: 'CAP', align: 'right', value: ({ rate }) => (rate === null ? 'none' : rateText(rate)) },
      { title: 'WHY', value: (row) => row.why },
    ],
    rows,
  );

const quotaTable = (rows: LimitsResult['quotas']): string =>
  table(
    [
      { title: 'QUOTA', value: (row) => row.period },
      { title: 'WAY', value: (row) => row.direction },
      { title: 'OF', align: 'right', value: (row) => bytesText(row.quota) },
      { title: 'USED', align: 'right', value: (row) => bytesText(row.used) },
      { title: 'LEFT', align: 'right', value: (row) => bytesText(row.left) },
      { title: 'ANEW', value: (row) => row.until },
    ],
    rows,
  );

const scheduleTable = (rows: readonly ScheduleRow[]): string =>
  table(
    [
      { title: 'NOW', value: (row) => (row.now ? 'yes' : '') },
      { title: 'SCHEDULE, LOCAL TIME', value: (row) => row.entry },
    ],
    rows,
  );
