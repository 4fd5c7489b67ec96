import type { TuneRow } from '../actors/supervisor/contract.ts';
import { table } from './table.ts';

export const tuneTable = (rows: readonly TuneRow[]): string =>
  table(
    [
      { title: 'NAME', value: (row) => row.name },
      { title: 'VALUE', align: 'right', value: (row) => String(row.value) },
      {
        title: 'RUNNING',
        align: 'right',
        value: (row) => (row.running === null ? '?' : String(row.running)),
      },
      { title: 'FROM', value: (row) => row.origin },
    ],
    rows,
  );
