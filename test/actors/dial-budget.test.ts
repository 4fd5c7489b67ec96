import { expect, test } from 'vitest';
import { DialBudget } from '../../src/actors/dial-budget.ts';

const times = (count: number, dial: (n: number) => boolean): number =>
  Array.from({ length: count }, (_, n) => dial(n)).filter(Boolean).length;

test('an address, a neighbourhood and an announcer each have their bounds, which time gives back', () => {
  const budget = new DialBudget();
  expect(times(20, (n) => budget.take('tcp://1.1.1.1:7001', `announcer ${n}`, 0))).toBe(3);
  expect(times(100, (n) => budget.take(`tcp://2.2.2.${n + 1}:7001`, `announcer ${n}`, 0))).toBe(16);
  expect(times(200, (n) => budget.take(`tcp://3.${n}.3.3:7001`, 'one', 0))).toBe(64);
  expect(budget.take('tcp://1.1.1.1:7001', 'two', 29_000)).toBe(false);
  expect(budget.take('tcp://1.1.1.1:7001', 'two', 61_000)).toBe(true);
});

test('a local network has no neighbourhoods', () => {
  const budget = new DialBudget();
  expect(times(50, (n) => budget.take(`tcp://192.168.1.${n + 1}:7001`, 'one', 0, true))).toBe(50);
});

test('what is refused for one reason is not counted for the others', () => {
  const budget = new DialBudget();
  times(64, (n) => budget.take(`tcp://3.${n}.3.3:7001`, 'one', 0));
  expect(times(10, () => budget.take('tcp://4.4.4.4:7001', 'one', 0))).toBe(0);
  expect(budget.take('tcp://4.4.4.4:7001', 'two', 0)).toBe(true);
});
