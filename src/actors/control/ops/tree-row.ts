import type { TreeRow } from '../../../control-link/results.ts';
import type { TreeStatus } from '../../../supervisor/contract/tree-status.ts';

/** The supervision tree under the names that clients read. */
export function treeRow(status: TreeStatus): TreeRow {
  if ('children' in status) {
    const { name, strategy, intensity, periodMs, recent, children } = status;
    return { name, strategy, intensity, period: periodMs / 1000, recent, children: children.map(treeRow) };
  }
  const { actor, state, health, restarts, refused, lastDeath } = status;
  return { actor, state, health, restarts, refused, last_death: lastDeath };
}
