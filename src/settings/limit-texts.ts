import type { z } from 'zod';
import { readRate } from '../limits/amounts.ts';
import { faultOf, readLimitKey } from '../limits/assignment.ts';
import { readSchedule } from '../limits/schedule.ts';

/** The text is a rate, or `off`. */
export function rateText({ value, issues }: z.core.ParsePayload<string>): void {
  if (typeof value !== 'string') return;
  const reading = readRate(value);
  if ('fault' in reading) issues.push({ code: 'custom', message: reading.fault, input: value });
}

/** Every entry is a part of a schedule. */
export function scheduleEntries(payload: z.core.ParsePayload<string[]>): void {
  eachText(payload, (entry) => {
    const reading = readSchedule(entry);
    return 'fault' in reading ? reading.fault : null;
  });
}

/** Every entry is a quota: `day.up=50GB`. */
export function quotaEntries(payload: z.core.ParsePayload<string[]>): void {
  eachText(payload, (entry) => {
    const [name = '', text = ''] = entry.split('=', 2);
    const key = readLimitKey(`quota:${name.trim()}`);
    return key === null ? 'write day.up=SIZE, day.down, month.up or month.down' : faultOf(key, text);
  });
}

function eachText({ value, issues }: z.core.ParsePayload<string[]>, fault: (entry: string) => string | null) {
  // What is no list of texts has been told already.
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) return;
  for (const [index, entry] of value.entries()) {
    const message = fault(entry);
    if (message !== null) issues.push({ code: 'custom', message, path: [index], input: entry });
  }
}
