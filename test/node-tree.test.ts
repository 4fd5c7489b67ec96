import { expect, test } from 'vitest';
import { treeOf } from '../src/node.ts';
import { type BranchSpec, type ChildSpec, isBranch } from '../src/supervisor/tree/tree-spec.ts';

/** A line a supervisor and a line an actor, as `granary stats --tree` shows them. */
function lines(spec: BranchSpec | ChildSpec, depth = 0): string[] {
  const indent = ' '.repeat(depth);
  if (!isBranch(spec)) return [`${indent}${spec.contract.name}${spec.members ? ` x${spec.members}` : ''}`];
  const head = `${indent}${spec.name} ${spec.strategy} ${spec.intensity} in ${spec.periodMs / 1000} s`;
  return [head, ...spec.children.flatMap((child) => lines(child, depth + 1))];
}

test('the tree of the node', () => {
  const tree = treeOf({ home: '/h', shards: 3, control: { socket: '/s' } });
  expect(lines(tree as BranchSpec)).toEqual([
    'root rest_for_one 3 in 60 s',
    ' storage rest_for_one 5 in 30 s',
    '  store',
    ' hashing one_for_one 5 in 30 s',
    '  hashing',
    ' limits one_for_one 5 in 30 s',
    '  limits',
    ' network rest_for_one 5 in 30 s',
    '  transport x3',
    '  acceptor',
    '  quic',
    ' discovery one_for_one 5 in 30 s',
    '  dht',
    '  pex',
    ' catalog one_for_one 5 in 30 s',
    '  publish',
    '  search',
    '  sync',
    '  transfer',
    ' control one_for_one 5 in 30 s',
    '  control',
  ]);
});
