import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultOf, readLimitKey } from '../../src/limits/assignment.ts';
import { holdsAt, readSchedule, type ScheduleEntry } from '../../src/limits/schedule.ts';

function entry(text: string): ScheduleEntry {
  const reading = readSchedule(text);
  if ('fault' in reading) throw new Error(reading.fault);
  return reading.entries[0]!;
}

const at = (hours: number, minutes = 0) => hours * 60 + minutes;
const [SUN, MON, FRI, SAT] = [0, 1, 5, 6];

test('days and hours: the start is in, the end is not', () => {
  const work = entry('mon-fri 08:00-18:30 up=1MB/s down=off');
  expect(work.rates).toEqual({ up: 1_000_000, down: null });
  expect(holdsAt(work, MON, at(8))).toBe(true);
  expect(holdsAt(work, MON, at(7, 59))).toBe(false);
  expect(holdsAt(work, FRI, at(18, 29))).toBe(true);
  expect(holdsAt(work, FRI, at(18, 30))).toBe(false);
  expect(holdsAt(work, SAT, at(12))).toBe(false);
});

test('a night belongs to the day on which it begins', () => {
  const night = entry('sat 22:00-06:00 up=off');
  expect(holdsAt(night, SAT, at(22))).toBe(true);
  expect(holdsAt(night, SUN, at(5, 59))).toBe(true);
  expect(holdsAt(night, SUN, at(6))).toBe(false);
  expect(holdsAt(night, SUN, at(22))).toBe(false);
  expect(holdsAt(night, SAT, at(3))).toBe(false);
});

test('ranges go around the week, lists join, and a day has 24 hours', () => {
  expect([...entry('fri-mon 00:00-24:00 up=0').days].sort()).toEqual([0, 1, 5, 6]);
  expect([...entry('mon,wed-thu 00:00-24:00 up=0').days].sort()).toEqual([1, 3, 4]);
  const always = entry('daily 00:00-24:00 up=5MB/s');
  fc.assert(
    fc.property(fc.nat(6), fc.nat(1439), (day, minute) => {
      expect(holdsAt(always, day, minute)).toBe(true);
    }),
  );
});

test.each([
  'mon 8-18 up=1MB/s',
  'mon 08:00-18:00',
  'someday 08:00-18:00 up=1MB/s',
  'mon 25:00-26:00 up=1MB/s',
  'mon 24:00-24:00 up=1MB/s',
  'mon 08:61-09:00 up=1MB/s',
  'mon 08:00-18:00 up=fast',
  'mon-tue-wed 08:00-18:00 up=1MB/s',
])('no schedule: %s', (text) => {
  expect(readSchedule(text)).toHaveProperty('fault');
});

test('several, and none', () => {
  const reading = readSchedule('mon 08:00-09:00 up=1MB/s; tue 08:00-09:00 down=2MB/s;');
  expect('entries' in reading && reading.entries.length).toBe(2);
  expect(readSchedule('off')).toEqual({ entries: [] });
});

test('names of limits', () => {
  expect(readLimitKey('up')).toEqual({ kind: 'cap', scope: 'global', id: '', direction: 'up' });
  expect(readLimitKey('share:my.music.down')).toEqual({
    kind: 'cap',
    scope: 'share',
    id: 'my.music',
    direction: 'down',
  });
  expect(readLimitKey('quota:month.up')).toEqual({ kind: 'quota', period: 'month', direction: 'up' });
  expect(readLimitKey('schedule')).toEqual({ kind: 'schedule' });
  for (const name of ['', 'sideways', 'quota:week.up', 'share:.up', 'peer:x', 'tag:x.up']) {
    expect(readLimitKey(name)).toBeNull();
  }
  expect(faultOf({ kind: 'quota', period: 'day', direction: 'up' }, '1GB')).toBeNull();
  expect(faultOf({ kind: 'schedule' }, 'never')).not.toBeNull();
});
