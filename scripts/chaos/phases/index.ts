import { Random } from '../../../src/supervisor/testing/random.ts';
import type { Phase } from '../strike.ts';
import { start, stop } from './coming-and-going.ts';
import { download } from './download.ts';
import { migration } from './migration.ts';
import { publish } from './publish.ts';
import { sync } from './sync.ts';
import { verify } from './verify.ts';

/** How often each comes in a round of kills. A new phase is a line here. */
const ROUND: readonly (readonly [Phase, number])[] = [
  [download, 7],
  [publish, 4],
  [sync, 3],
  [migration, 2],
  [verify, 2],
  [start, 1],
  [stop, 1],
];
const CARDS = ROUND.flatMap(([phase, times]) => Array.from({ length: times }, () => phase));

/** The phase of a kill: each round of them has all phases, in an order of its own. Kills count from 1. */
export function phaseOf(seed: number, kill: number): Phase {
  const round = Math.floor((kill - 1) / CARDS.length);
  const random = new Random(seed * 1_009 + round);
  const cards = [...CARDS];
  for (let i = cards.length - 1; i > 0; i--) {
    const other = random.integer(0, i);
    [cards[i], cards[other]] = [cards[other]!, cards[i]!];
  }
  return cards[(kill - 1) % cards.length]!;
}
