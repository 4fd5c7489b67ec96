import { type Reading, readRate, readSize } from './amounts.ts';
import { readSchedule } from './schedule.ts';

export const PERIODS = ['day', 'month'] as const;
export type Period = (typeof PERIODS)[number];

/** What a name of the limits is about. */
export type LimitKey =
  | {
      readonly kind: 'cap';
      readonly scope: 'global' | 'share' | 'peer';
      readonly id: string;
      readonly direction: 'up' | 'down';
    }
  | { readonly kind: 'quota'; readonly period: Period; readonly direction: 'up' | 'down' }
  | { readonly kind: 'schedule' };

/** `up`, `share:ID.up`, `peer:KEY.down`, `quota:day.up`, `schedule`; null for anything else. */
export function readLimitKey(name: string): LimitKey | null {
  if (name === 'schedule') return { kind: 'schedule' };
  const [, kind, id, direction] = /^(?:(share|peer|quota):(.{1,256})\.)?(up|down)$/.exec(name) ?? [];
  if (direction !== 'up' && direction !== 'down') return null;
  if (kind === undefined) return { kind: 'cap', scope: 'global', id: '', direction };
  if (kind === 'quota') {
    const period = PERIODS.find((each) => each === id);
    return period === undefined ? null : { kind: 'quota', period, direction };
  }
  return { kind: 'cap', scope: kind as 'share' | 'peer', id: id!, direction };
}

/** Why the text is no value for that; null: it is one. */
export function faultOf(key: LimitKey, text: string): string | null {
  const reading: Reading | ReturnType<typeof readSchedule> =
    key.kind === 'schedule' ? readSchedule(text) : key.kind === 'quota' ? readSize(text) : readRate(text);
  return 'fault' in reading ? reading.fault : null;
}
