import { describe, expect, test } from 'vitest';
import { askOrder } from '../../../src/actors/sync/ask-order.ts';
import { type Candidate, planPass } from '../../../src/actors/sync/pass-plan.ts';
import { RequestBudget } from '../../../src/actors/sync/request-budget.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NEVER = Number.NEGATIVE_INFINITY;
const share = (shareId: string, change: Partial<Candidate> = {}): Candidate => ({
  shareId,
  peers: 3,
  lookedAt: NEVER,
  changedAt: NEVER,
  ...change,
});
const ids = (planned: readonly { shareId: string }[]) => planned.map(({ shareId }) => shareId);

describe('a pass', () => {
  test('asks everybody about everything where there is room', () => {
    const planned = planPass([share('a'), share('b', { lookedAt: 0 })], 6, MINUTE, HOUR);
    expect(planned).toEqual([
      { shareId: 'a', peers: Number.POSITIVE_INFINITY },
      { shareId: 'b', peers: Number.POSITIVE_INFINITY },
    ]);
    expect(planPass([], 6, MINUTE, HOUR)).toEqual([]);
  });

  test('asks fewer peers of each where there is not, and then fewer shares: the latest', () => {
    const shares = ['a', 'b', 'c', 'd'].map((id, i) => share(id, { lookedAt: i, peers: 10 }));
    expect(planPass(shares, 9, MINUTE, HOUR)).toEqual(
      ids(shares.map((each) => each)).map((shareId) => ({ shareId, peers: 2 })),
    );
    expect(planPass(shares, 2.5, MINUTE, HOUR)).toEqual([
      { shareId: 'a', peers: 1 },
      { shareId: 'b', peers: 1 },
    ]);
    expect(planPass(shares, 0.5, MINUTE, HOUR)).toEqual([]);
    expect(planPass(shares, -100, MINUTE, HOUR)).toEqual([]);
  });

  test('what changed lately is late sooner; what was never looked for comes first', () => {
    const now = 100 * HOUR;
    const shares = [
      share('at rest', { lookedAt: now - 30 * MINUTE, changedAt: now - 50 * HOUR }),
      share('busy', { lookedAt: now - 3 * MINUTE, changedAt: now - 10 * MINUTE }),
      share('not known', { lookedAt: now - 2 * HOUR }),
      share('new'),
    ];
    expect(ids(planPass(shares, 3, MINUTE, now))).toEqual(['new', 'busy', 'not known']);
  });
});

describe('whom to ask', () => {
  const targets = ['a', 'b', 'c', 'd', 'e'].map((address) => ({ address }));
  const asked = (limit: number, turn: number, best: string | null = 'b') =>
    askOrder(targets, { limit, own: 3, best, turn }).first.map(({ address }) => address);

  test('everybody where that is wanted', () => {
    expect(asked(5, 3)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(askOrder([], { limit: 1, own: 0, best: null, turn: 0 })).toEqual({ first: [], later: [] });
  });

  test('the best in every other turn, its own peers and all of them by turns in between', () => {
    const turns = Array.from({ length: 20 }, (_, turn) => asked(1, turn)[0]);
    expect(turns.filter((_, turn) => turn % 2 === 0)).toEqual(Array(10).fill('b'));
    const own = turns.filter((_, turn) => turn % 4 === 1);
    expect(new Set(own)).toEqual(new Set(['a', 'c']));
    const all = turns.filter((_, turn) => turn % 4 === 3);
    expect(new Set(all)).toEqual(new Set(['a', 'c', 'd', 'e']));
    // Without one that had news, the one that the link names first.
    expect(asked(1, 0, null)).toEqual(['a']);
    expect(asked(1, 0, 'not there')).toEqual(['a']);
    expect(asked(2, 0)).toEqual(['b', 'a']);
  });

  test('two more in reserve, for when nobody answers', () => {
    const { first, later } = askOrder(targets, { limit: 1, own: 3, best: 'c', turn: 0 });
    expect([first, later].map((list) => list.map(({ address }) => address))).toEqual([['c'], ['a', 'b']]);
  });
});

describe('the budget', () => {
  test('flows in by the clock, up to what flows in from one pass to the next; what is owed is paid first', async () => {
    const clock = new ManualClock();
    const budget = new RequestBudget(clock, 2, MINUTE);
    expect(budget.left).toBe(180);
    budget.take(210);
    expect(budget.left).toBe(-30);
    await clock.advance(20_000);
    expect(budget.left).toBe(10);
    await clock.advance(HOUR);
    expect(budget.left).toBe(180);
    budget.configure(1, 1_000);
    expect(budget.left).toBe(120);
  });

  test('a debt is bounded', () => {
    const budget = new RequestBudget(new ManualClock(), 1, MINUTE);
    budget.take(1_000_000);
    expect(budget.left).toBe(-600);
  });
});
