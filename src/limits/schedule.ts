import { readRate } from './amounts.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MINUTES = 24 * 60;
const ENTRY = /^(\S+)\s+(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})((?:\s+(?:up|down)=\S+)+)$/i;
const MAX_ENTRIES = 100;

/** The global caps of some hours of the week, in local time. */
export interface ScheduleEntry {
  /** As it was written. */
  readonly text: string;
  /** Weekdays on which it begins; 0 is Sunday. */
  readonly days: ReadonlySet<number>;
  /** Minutes of the day; an end that is not after the start is on the next day. */
  readonly from: number;
  readonly to: number;
  /** Null: no cap in these hours. Absent: it says nothing of that direction. */
  readonly rates: { readonly up?: number | null; readonly down?: number | null };
}

export type ScheduleReading = { readonly entries: readonly ScheduleEntry[] } | { readonly fault: string };

/**
 * `mon-fri 08:00-18:00 up=1MB/s down=off`, several of them with `;` between them; `off`: none. Days are names of three
 * letters, ranges and lists of them, or `daily`; 24:00 is the end of a day, and 22:00-06:00 goes on into the next one.
 */
export function readSchedule(text: string): ScheduleReading {
  if (text.trim() === '' || text.trim().toLowerCase() === 'off') return { entries: [] };
  const entries: ScheduleEntry[] = [];
  for (const part of text.split(';').map((each) => each.trim())) {
    if (part === '') continue;
    const entry = readEntry(part);
    if (typeof entry === 'string') return { fault: `${part}: ${entry}` };
    entries.push(entry);
  }
  return entries.length > MAX_ENTRIES ? { fault: `at most ${MAX_ENTRIES} entries` } : { entries };
}

/** Whether the entry holds at this moment of the local week. */
export function holdsAt({ days, from, to }: ScheduleEntry, day: number, minute: number): boolean {
  if (from < to) return days.has(day) && minute >= from && minute < to;
  const yesterday = (day + 6) % 7;
  return (days.has(day) && minute >= from) || (days.has(yesterday) && minute < to);
}

function readEntry(text: string): ScheduleEntry | string {
  const match = ENTRY.exec(text);
  if (match === null) return 'write DAYS HH:MM-HH:MM up=RATE down=RATE';
  const days = readDays(match[1]!.toLowerCase());
  if (days === null) return 'days are mon, tue, wed, thu, fri, sat, sun, lists and ranges of them, or daily';
  const from = minutes(match[2]!, match[3]!);
  const to = minutes(match[4]!, match[5]!);
  if (from === null || to === null || from === DAY_MINUTES) return 'hours are 00:00 to 24:00';
  const rates: { up?: number | null; down?: number | null } = {};
  for (const word of match[6]!.trim().split(/\s+/)) {
    const [name, rate] = word.split('=', 2) as [string, string];
    const reading = readRate(rate);
    if ('fault' in reading) return reading.fault;
    rates[name.toLowerCase() as 'up' | 'down'] = reading.value;
  }
  return { text, days, from, to, rates };
}

function readDays(text: string): Set<number> | null {
  if (text === 'daily') return new Set([0, 1, 2, 3, 4, 5, 6]);
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first] = part.split('-');
    const from = DAYS.indexOf(first);
    const to = DAYS.indexOf(last);
    if (from < 0 || to < 0 || part.split('-').length > 2) return null;
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === to) break;
    }
  }
  return days;
}

function minutes(hours: string, rest: string): number | null {
  const minute = Number(rest);
  const sum = Number(hours) * 60 + minute;
  return minute < 60 && sum <= DAY_MINUTES ? sum : null;
}
