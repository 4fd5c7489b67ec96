import { holdsAt, type ScheduleEntry } from '../../limits/schedule.ts';
import type { Cap, Direction, LimitRow, QuotaRow } from './contract.ts';
import { DIRECTIONS } from './quotas.ts';
import type { CapRule } from './rules.ts';

export interface InForce {
  readonly caps: readonly Cap[];
  readonly rows: readonly LimitRow[];
}

/**
 * What holds at this moment, and why: a quota that is used up before the schedule, the schedule before the global cap;
 * shares and peers beside it. `idsOf`: a share and its volumes.
 */
export function inForce(
  rules: readonly CapRule[],
  schedule: readonly ScheduleEntry[],
  quotas: readonly QuotaRow[],
  idsOf: (shareId: string) => readonly string[],
  wall: number,
): InForce {
  const rows = DIRECTIONS.map((direction) => globalRow(direction, rules, schedule, quotas, wall));
  const caps: Cap[] = rows.flatMap(({ direction, rate }) =>
    rate === null ? [] : [{ name: 'global', scope: 'global', ids: [], direction, rate }],
  );
  for (const { name, scope, id, direction, rate, origin } of rules) {
    if (scope === 'global') continue;
    caps.push({ name, scope, ids: scope === 'share' ? idsOf(id) : [id], direction, rate });
    rows.push({ scope: name, direction, rate, why: origin });
  }
  return { caps, rows };
}

/** The entry of the schedule that says something of this direction now. */
export function entryNow(
  schedule: readonly ScheduleEntry[],
  direction: Direction,
  wall: number,
): ScheduleEntry | null {
  const date = new Date(wall);
  const minute = date.getHours() * 60 + date.getMinutes();
  const holds = (entry: ScheduleEntry) =>
    entry.rates[direction] !== undefined && holdsAt(entry, date.getDay(), minute);
  return schedule.find(holds) ?? null;
}

function globalRow(
  direction: Direction,
  rules: readonly CapRule[],
  schedule: readonly ScheduleEntry[],
  quotas: readonly QuotaRow[],
  wall: number,
): LimitRow {
  const scope = 'global';
  const spent = quotas.filter((row) => row.direction === direction && row.left === 0);
  // The one that lasts longest says until when.
  const quota = spent.toSorted((a, b) => b.until - a.until)[0];
  if (quota) {
    const name = quota.period === 'day' ? 'daily' : 'monthly';
    const until = new Date(quota.until).toISOString();
    return { scope, direction, rate: 0, why: `the ${name} quota is used up until ${until}` };
  }
  const entry = entryNow(schedule, direction, wall);
  if (entry) return { scope, direction, rate: entry.rates[direction]!, why: `schedule: ${entry.text}` };
  const rule = rules.find((each) => each.scope === 'global' && each.direction === direction);
  return rule
    ? { scope, direction, rate: rule.rate, why: rule.origin }
    : { scope, direction, rate: null, why: 'no cap' };
}
