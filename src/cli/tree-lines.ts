import type { TreeRow } from '../control-link/results.ts';
import { table } from './table.ts';

interface Line {
  readonly label: string;
  readonly state: string;
  readonly note: string;
}

/** The supervision tree, a line a supervisor and a line an actor. */
export function treeLines(root: TreeRow): string {
  return table(
    [
      { title: 'TREE', value: (line) => line.label },
      { title: 'STATE', value: (line) => line.state },
      { title: 'RESTARTS', value: (line) => line.note },
    ],
    [...linesOf(root, '', '')],
  );
}

/** `own` leads to this node, `below` to what hangs on it. */
function* linesOf(row: TreeRow, own: string, below: string): Generator<Line> {
  if ('actor' in row) {
    const died = row.last_death ? `, last: ${row.last_death.cause}` : '';
    const state = row.health === 'busy' ? `${row.state}, busy` : row.state;
    yield { label: `${own}${row.actor}`, state, note: `${row.restarts}${died}` };
    return;
  }
  const limit = `${row.recent} of ${row.intensity} in ${row.period} s`;
  yield { label: `${own}${row.name}`, state: row.strategy, note: limit };
  for (const [index, child] of row.children.entries()) {
    const last = index === row.children.length - 1;
    yield* linesOf(child, `${below}${last ? '└─ ' : '├─ '}`, `${below}${last ? '   ' : '│  '}`);
  }
}
