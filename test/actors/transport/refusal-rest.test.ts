import { expect, test } from 'vitest';
import { RefusalPace } from '../../../src/actors/transport/refusal-pace.ts';
import { RefusalRest } from '../../../src/actors/transport/refusal-rest.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

test('what is not here shortens no rest for what was refused', async () => {
  const clock = new ManualClock(1_000);
  const pace = new RefusalPace({ perSecond: 1, burst: 1 }, { perSecond: 100, burst: 1 });
  let over = 0;
  const rest = new RefusalRest(pace, '192.0.2', clock, () => over++);
  rest.lacked(10 * 1024);
  rest.refused(10 * 1024);
  rest.lacked(0);
  await clock.advance(9_000);
  expect([rest.resting, over]).toEqual([true, 0]);
  await clock.advance(2_000);
  expect([rest.resting, over]).toEqual([false, 1]);
});
