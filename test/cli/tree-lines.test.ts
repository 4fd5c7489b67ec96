import { expect, test } from 'vitest';
import { treeLines } from '../../src/cli/tree-lines.ts';

test('the tree is drawn with what a supervisor bears and what an actor died of', () => {
  const limits = { intensity: 5, period: 30, recent: 0 };
  const text = treeLines({
    name: 'root',
    strategy: 'rest_for_one',
    intensity: 3,
    period: 60,
    recent: 1,
    children: [
      {
        name: 'storage',
        strategy: 'rest_for_one',
        ...limits,
        children: [
          {
            actor: 'store',
            state: 'up',
            health: 'busy',
            restarts: 2,
            refused: 4,
            last_death: { cause: 'hung', message: null },
          },
        ],
      },
      {
        name: 'control',
        strategy: 'one_for_one',
        ...limits,
        children: [
          {
            actor: 'control',
            state: 'starting',
            health: 'healthy',
            restarts: 0,
            refused: 4,
            last_death: null,
          },
        ],
      },
    ],
  });
  expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
    'TREE           STATE         RESTARTS',
    'root           rest_for_one  1 of 3 in 60 s',
    '├─ storage     rest_for_one  0 of 5 in 30 s',
    '│  └─ store    up, busy      2, last: hung',
    '└─ control     one_for_one   0 of 5 in 30 s',
    '   └─ control  starting      0',
  ]);
});
