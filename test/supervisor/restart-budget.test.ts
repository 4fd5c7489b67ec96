import { expect, test } from 'vitest';
import { ManualClock } from '../../src/supervisor/testing/manual-clock.ts';
import { RestartBudget } from '../../src/supervisor/tree/backoff.ts';

test('the first restart is immediate, the next ones double up to five seconds', () => {
  const budget = new RestartBudget(100, 60_000, new ManualClock(), () => 0);
  const delays = Array.from({ length: 9 }, () => budget.count('a').delayMs);
  expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
  expect(budget.count('b').delayMs).toBe(0);
});

test('a quiet period starts the delays over', async () => {
  const clock = new ManualClock();
  const budget = new RestartBudget(100, 1_000, clock, () => 0);
  budget.count('a');
  expect(budget.count('a').delayMs).toBe(100);
  await clock.advance(1_000);
  expect(budget.count('a').delayMs).toBe(0);
});

test('intensity counts all children in the sliding period', async () => {
  const clock = new ManualClock();
  const budget = new RestartBudget(2, 1_000, clock, () => 0);
  expect(budget.count('a').exceeded).toBe(false);
  await clock.advance(600);
  expect(budget.count('b').exceeded).toBe(false);
  await clock.advance(600);
  expect(budget.count('a').exceeded).toBe(false);
  expect(budget.count('a').exceeded).toBe(true);
});
