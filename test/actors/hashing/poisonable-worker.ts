import type { PoolResult, PoolTask } from '../../../src/actors/hashing/pool-task.ts';
import answer from '../../../src/actors/hashing/pool-worker.ts';

/** The threads of the pool, but some names kill them, and some make them throw. */
export default function poisonable(task: PoolTask): PoolResult {
  const paths = pathsOf(task);
  if (paths.some((path) => path.endsWith('deadly'))) process.exit(1);
  if (paths.some((path) => path.endsWith('large-deadly-later')) && 'span' in task && task.span === 1)
    process.exit(1);
  if (paths.some((path) => path.endsWith('throws'))) throw new RangeError('a bug');
  return answer(task);
}

function pathsOf(task: PoolTask): readonly string[] {
  if (task.kind === 'scan') return task.paths;
  if (task.kind === 'check') return task.parts.map(({ path }) => path);
  return 'path' in task ? [task.path] : [];
}
