import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { must } from '../violation.ts';

/** A row of `files` in `progress.db`, as far as faults are about it. */
export interface LedgerRow {
  readonly transfer: string;
  readonly position: number;
  readonly size: number;
  readonly place: string;
  readonly have: Uint8Array | null;
}

/** The row of the large file of a transfer, once a map of its chunks was written down; null: not yet. */
export function largeRow(home: string, transfer: string): LedgerRow | null {
  const database = new DatabaseSync(join(home, 'progress.db'), { readOnly: true, timeout: 1_000 });
  try {
    const sql = 'SELECT * FROM files WHERE transfer = ? AND have IS NOT NULL ORDER BY size DESC LIMIT 1';
    const row = database.prepare(sql).get(transfer) as LedgerRow | undefined;
    return row !== undefined && row.size > 1 << 20 ? row : null;
  } finally {
    database.close();
  }
}

/** Changes that row, of a node that does not run. */
export function changeRow(
  home: string,
  { transfer, position }: LedgerRow,
  values: Record<string, string | number | Uint8Array>,
): void {
  const database = new DatabaseSync(join(home, 'progress.db'));
  try {
    const set = Object.keys(values).map((name) => `${name} = ?`);
    const sql = `UPDATE files SET ${set.join(', ')} WHERE transfer = ? AND position = ?`;
    const { changes } = database.prepare(sql).run(...Object.values(values), transfer, position);
    must(Number(changes) === 1, 'the row of progress.db was not there');
  } finally {
    database.close();
  }
}
