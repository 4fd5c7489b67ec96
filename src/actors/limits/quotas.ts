import { PERIODS, type Period } from '../../limits/assignment.ts';
import type { Direction, QuotaRow } from './contract.ts';

export const DIRECTIONS: readonly Direction[] = ['up', 'down'];

/** What went in one day or month of local time. */
export interface Traffic {
  /** `2026-11-26` or `2026-11`. */
  readonly period: string;
  readonly up: number;
  readonly down: number;
}

export type QuotaAmounts = Readonly<Record<Period, Readonly<Record<Direction, number | null>>>>;

/** What was used of the quotas, by calendar days and months of local time. */
export class Quotas {
  #used: Record<Period, { period: string; up: number; down: number }>;

  constructor(known: readonly Traffic[], wall: number) {
    const of = (period: Period) => {
      const name = periodName(period, wall);
      const { up = 0, down = 0 } = known.find((each) => each.period === name) ?? {};
      return { period: name, up, down };
    };
    this.#used = { day: of('day'), month: of('month') };
  }

  /** Octets went. */
  count(direction: Direction, octets: number): void {
    for (const period of PERIODS) this.#used[period][direction] += octets;
  }

  /** The day or the month may be another one by now. The periods that began. */
  turn(wall: number): Period[] {
    return PERIODS.filter((period) => {
      const name = periodName(period, wall);
      if (this.#used[period].period === name) return false;
      this.#used[period] = { period: name, up: 0, down: 0 };
      return true;
    });
  }

  /** To be kept. */
  traffic(): Traffic[] {
    return PERIODS.map((period) => ({ ...this.#used[period] }));
  }

  rows(amounts: QuotaAmounts, wall: number): QuotaRow[] {
    return PERIODS.flatMap((period) =>
      DIRECTIONS.flatMap((direction): QuotaRow[] => {
        const quota = amounts[period][direction];
        if (quota === null) return [];
        const used = this.#used[period][direction];
        return [
          { period, direction, quota, used, left: Math.max(0, quota - used), until: endOf(period, wall) },
        ];
      }),
    );
  }
}

function periodName(period: Period, wall: number): string {
  const date = new Date(wall);
  const pad = (value: number) => String(value).padStart(2, '0');
  const month = `${date.getFullYear()}-${pad(date.getMonth() + 1)}`;
  return period === 'month' ? month : `${month}-${pad(date.getDate())}`;
}

/** The local midnight at which the day or month ends; where there is none that night, the first moment after. */
function endOf(period: Period, wall: number): number {
  const date = new Date(wall);
  const [year, month] = [date.getFullYear(), date.getMonth()];
  return (
    period === 'month' ? new Date(year, month + 1, 1) : new Date(year, month, date.getDate() + 1)
  ).getTime();
}
