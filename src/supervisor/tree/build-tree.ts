import { ActorNode } from './actor-node.ts';
import { Branch } from './branch.ts';
import { Child, type Death } from './child.ts';
import { ShardGroup } from './shard-group.ts';
import type { TreeNode } from './tree-node.ts';
import type { TreeRuntime } from './tree-runtime.ts';
import { type BranchSpec, type ChildSpec, isBranch, type RestartLimits, type TreeSpec } from './tree-spec.ts';

/** What the shards of a sharded actor may die before their supervisor does. */
const SHARD_LIMITS: RestartLimits = { intensity: 5, periodMs: 30_000 };

type Died = (node: TreeNode, death: Death) => void;

export interface BuiltTree {
  readonly root: Branch;
  /** In start order, but for those that came later. */
  readonly leaves: readonly ActorNode[];
  /** The sharded actors by name. */
  readonly groups: ReadonlyMap<string, ShardGroup>;
}

/** The running tree of a spec. Members of a sharded actor get a `one_for_one` supervisor of their own. */
export function buildTree(spec: TreeSpec, runtime: TreeRuntime, gaveUp: (death: Death) => void): BuiltTree {
  const leaves: ActorNode[] = [];
  const groups = new Map<string, ShardGroup>();

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
    return shards(part, members, died);
  };
  const shards = (part: ChildSpec, members: number, died: Died): Branch => {
    const name = `${part.contract.name}/*`;
    let make = (_member: number): ActorNode => {
      throw new Error('the branch is not made yet');
    };
    let first: ActorNode[] = [];
    const made = branch({ ...(part.limits ?? SHARD_LIMITS), name, strategy: 'one_for_one' }, died, (own) => {
      make = (member) => leaf(new Child(part, member), own);
      first = Array.from({ length: members }, (_, member) => make(member));
      return first;
    });
    groups.set(
      part.contract.name,
      new ShardGroup(part.contract, first, { branch: made, mesh: runtime.mesh, make }),
    );
    return made;
  };

  const settings = { name: 'root', strategy: 'one_for_one', ...spec } as const;
  const root = branch(
    settings,
    (_, death) => gaveUp(death),
    (own) => spec.children.map((child) => node(child, own)),
    true,
  );
  return { root, leaves, groups };
}
