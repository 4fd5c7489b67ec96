import { expect, test } from 'vitest';
import { DeathWindow } from '../../../src/actors/hashing/death-window.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

test('deaths far apart are borne, many at once are too many', async () => {
  const clock = new ManualClock();
  const window = new DeathWindow(2, 1000, clock);
  for (let i = 0; i < 10; i++) {
    expect(window.count()).toBe(false);
    await clock.advance(600);
  }
  expect([window.count(), window.count()]).toEqual([false, true]);
});
