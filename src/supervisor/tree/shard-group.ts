import type { Contract } from '../contract/contract.ts';
import type { ActorNode } from './actor-node.ts';
import type { Branch } from './branch.ts';
import type { Child } from './child.ts';
import type { Mesh } from './mesh.ts';

/** Members there can be at most. */
export const MAX_MEMBERS = 64;

/** What a group needs of the tree it is in. */
export interface GroupPlace {
  readonly branch: Branch;
  readonly mesh: Mesh;
  make(member: number): ActorNode;
}

/**
 * The members of a sharded actor, which may become more and fewer while they run. Calls go to the first `size` of them.
 * A new member is called only once it is up; one that is not wanted any more is called no longer, finishes what it has
 * begun, and ends.
 */
export class ShardGroup {
  readonly name: string;
  readonly #place: GroupPlace;
  /** By number; those beyond the size retire, or have ended. */
  readonly #members: ActorNode[];
  readonly #retiring = new Map<number, Promise<void>>();
  #size: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(contract: Contract, members: readonly ActorNode[], place: GroupPlace) {
    this.name = contract.name;
    this.#members = [...members];
    this.#size = members.length;
    this.#place = place;
  }

  /** Members that calls go to. */
  get size(): number {
    return this.#size;
  }

  /** Members that have ended because they were not wanted any more: what they counted is not lost. */
  get ended(): readonly Child[] {
    return this.#members.flatMap((node, member) =>
      member >= this.#size && !this.#retiring.has(member) ? [node.child] : [],
    );
  }

  /**
   * One after the other. Resolves when calls go to so many; those that retire may go on for a while (`retired`).
   * Rejects when a new member does not start, with those before it in the group, and with `E_BUSY` while the group is
   * being restarted.
   */
  resize(size: number): Promise<void> {
    if (!Number.isInteger(size) || size < 1 || size > MAX_MEMBERS) {
      throw new RangeError(`a group has 1 to ${MAX_MEMBERS} members, not ${size}`);
    }
    const done = this.#turn.then(() => this.#resize(size));
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Resolves when no member retires any more. */
  async retired(): Promise<void> {
    await Promise.all(this.#retiring.values());
  }

  async #resize(size: number): Promise<void> {
    while (this.#size < size) await this.#grow();
    while (this.#size > size) this.#shrink();
  }

  async #grow(): Promise<void> {
    const member = this.#size;
    // The number belongs to the one that still retires.
    await this.#retiring.get(member);
    const node = this.#members[member] ?? this.#place.make(member);
    this.#members[member] = node;
    await this.#place.branch.add(node);
    this.#tell(member + 1);
  }

  #shrink(): void {
    const member = this.#size - 1;
    const node = this.#members[member]!;
    this.#tell(member);
    const gone = this.#place.branch.release(node);
    const retiring = node
      .retire()
      .then(() => node.stop())
      .then(() => {
        gone();
        this.#retiring.delete(member);
      });
    this.#retiring.set(member, retiring);
  }

  #tell(size: number): void {
    this.#size = size;
    this.#place.mesh.resize(this.name, size);
  }
}
