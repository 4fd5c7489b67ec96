import type { SeedEntry } from '../control-link/results.ts';
import { table } from './table.ts';

export const seedTable = (seeds: readonly SeedEntry[]): string =>
  seeds.length === 0
    ? 'No bootstrap list: granary seeds add tcp://HOST:PORT'
    : table(
        [
          { title: 'ADDRESS', value: shortAddress },
          { title: 'FROM', value: (row) => row.origin },
          { title: 'STATE', value: (row) => row.state },
          { title: 'LAST ANSWER', value: (row) => row.last_answer ?? 'never' },
          { title: 'NEXT TRY', value: (row) => row.next_try ?? '' },
          { title: 'ERROR', value: (row) => row.error?.message ?? '' },
        ],
        seeds,
      );

/** Enough of a pinned key to tell it by. */
const shortAddress = ({ address }: SeedEntry): string =>
  address.replace(/(@[0-9a-f]{12})[0-9a-f]{52}$/, '$1…');
