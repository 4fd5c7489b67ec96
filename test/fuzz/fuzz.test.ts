import { describe, expect, test } from 'vitest';
import { type Failure, play } from './run-target.ts';
import { TARGETS } from './table.ts';

const SEED = 20_261;
const CASES = 1_000;
const HEAVY_CASES = 60;

/** As `npm run fuzz -- --replay` takes it. */
const shown = ({ input, reason }: Failure) =>
  `${reason} (hex ${Buffer.from(input).toString('hex').slice(0, 2_000)})`;

describe('whatever the octets', () => {
  test.each(TARGETS.map((target) => [target.name, target] as const))(
    '%s',
    { timeout: 120_000 },
    async (_, target) => {
      const failures: string[] = [];
      const enough = (cases: number) => cases >= (target.heavy ? HEAVY_CASES : CASES) || failures.length > 3;
      for await (const failure of play(target, SEED, enough)) failures.push(shown(failure));
      expect(failures).toEqual([]);
    },
  );
});
