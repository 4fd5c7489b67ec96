import { Cannot, type Cell, type CellResult, type Group, NotYet, type Outcome } from './cell.ts';
import type { World } from './world.ts';

/** What a cell may take: 600 MB over the slowest path. */
const CELL_MS = 600_000;

/** Plays the cells one after another. */
export async function* runCells(
  world: World,
  groups: readonly Group[],
  only = '',
): AsyncGenerator<CellResult> {
  for (const group of groups) {
    for (const cell of group.cells) {
      const { name, transport, dialect } = cell;
      const wanted = `${group.name}: ${name}, ${transport}, dialect ${dialect}`;
      if (!wanted.includes(only)) continue;
      const started = performance.now();
      const { outcome, note } = await play(world, cell);
      const seconds = (performance.now() - started) / 1000;
      yield { group: group.name, name, transport, dialect, outcome, note, seconds };
    }
  }
}

async function play(world: World, cell: Cell): Promise<{ outcome: Outcome; note: string | null }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${CELL_MS / 1000} s`)), CELL_MS);
  });
  try {
    const said = await Promise.race([cell.run(world), late]);
    return { outcome: 'ok', note: typeof said === 'string' ? said : null };
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error);
    if (error instanceof Cannot) return { outcome: 'cannot', note };
    return { outcome: error instanceof NotYet ? 'not-yet' : 'failed', note };
  } finally {
    clearTimeout(timer);
  }
}
