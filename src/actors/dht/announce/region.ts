import { bucketIndex, compareDistance, type NodeId } from '../../../protocol/objects/ids.ts';
import type { Candidate } from '../lookup.ts';
import { K } from '../routing-table.ts';

/** A node that a lookup found: its key is known. */
export type Receiver = Candidate & { readonly nodeKey: string; readonly id: NodeId };

/**
 * What one lookup says about the keys around its target: in how wide a part of the keyspace (keys that share so many
 * leading bits with the target) the nearest nodes of every key are among those that were found. Pure.
 */
export class Region {
  readonly target: NodeId;
  readonly bits: number;
  /** Of its part of the keyspace, with those beyond it that are nearest to the target. */
  readonly #receivers: Receiver[];

  /** `found`: the nodes nearest to the target, all of them if they are fewer than 20. */
  constructor(target: NodeId, found: readonly Candidate[]) {
    this.target = target;
    this.#receivers = found.filter((each): each is Receiver => each.nodeKey !== null && each.id !== null);
    this.bits = coverage(target, this.#receivers);
  }

  /** Nodes that the keys of this part have to themselves. */
  get inside(): number {
    return this.#receivers.filter(({ id }) => this.covers(id)).length;
  }

  get receivers(): readonly Receiver[] {
    return this.#receivers;
  }

  covers(key: NodeId): boolean {
    return bucketIndex(this.target, key) >= this.bits;
  }

  /** Those nearest to a key, nearest first. */
  nearest(key: NodeId): Receiver[] {
    return this.#receivers.toSorted((a, b) => compareDistance(key, a.id, b.id));
  }

  /** It does not answer: others are given what would have been for it. */
  drop(receiver: Receiver): void {
    const at = this.#receivers.indexOf(receiver);
    if (at >= 0) this.#receivers.splice(at, 1);
  }
}

/**
 * Of the twenty nearest, those that share more bits with the target than the farthest of them are all there are: the
 * nearest nodes of every key with these bits are among the twenty, or beside the last of them.
 */
function coverage(target: NodeId, found: readonly Receiver[]): number {
  if (found.length < K) return 0;
  return Math.min(...found.map(({ id }) => bucketIndex(target, id))) + 1;
}
