import { ActorNode } from './actor-node.ts';
import { Branch } from './branch.ts';
import { Child, type Death } from './child.ts';
import type { TreeNode } from './tree-node.ts';
import type { TreeRuntime } from './tree-runtime.ts';
import { type BranchSpec, type ChildSpec, isBranch, type RestartLimits, type TreeSpec } from './tree-spec.ts';

/** What the shards of a sharded actor may die before their supervisor does. */
const SHARD_LIMITS: RestartLimits = { intensity: 5, periodMs: 30_000 };

type Died = (node: TreeNode, death: Death) => void;

export interface BuiltTree {
  readonly root: Branch;
  /** In start order. */
  readonly leaves: readonly ActorNode[];
}

/** The running tree of a spec. Members of a sharded actor get a `one_for_one` supervisor of their own. */
export function buildTree(spec: TreeSpec, runtime: TreeRuntime, gaveUp: (death: Death) => void): BuiltTree {
  const leaves: ActorNode[] = [];

  const leaf = (child: Child, died: Died): ActorNode => {
    const node = new ActorNode(child, runtime, died);
    leaves.push(node);
    return node;
  };
  const branch = (
    settings: Omit<BranchSpec, 'children'>,
    died: Died,
    fill: (died: Died) => TreeNode[],
    root = false,
  ) => {
    const made = new Branch(settings, runtime, died, { root });
    made.populate(fill((node, death) => made.childDied(node, death)));
    return made;
  };
  const node = (part: ChildSpec | BranchSpec, died: Died): TreeNode => {
    if (isBranch(part)) return branch(part, died, (own) => part.children.map((child) => node(child, own)));
    const { members } = part;
    if (members === undefined) return leaf(new Child(part, 0), died);
    const name = `${part.contract.name}/*`;
    return branch({ ...(part.limits ?? SHARD_LIMITS), name, strategy: 'one_for_one' }, died, (own) =>
      Array.from({ length: members }, (_, member) => leaf(new Child(part, member), own)),
    );
  };

  const settings = { name: 'root', strategy: 'one_for_one', ...spec } as const;
  const root = branch(
    settings,
    (_, death) => gaveUp(death),
    (own) => spec.children.map((child) => node(child, own)),
    true,
  );
  return { root, leaves };
}
