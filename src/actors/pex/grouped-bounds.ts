const NONE: ReadonlySet<string> = new Set();

/** Counts members of named groups, so that one party does not fill a table alone. A group without members is forgotten. */
export class GroupedBounds {
  readonly #limits: Readonly<Record<string, number>>;
  readonly #members = new Map<string, Set<string>>();

  /** The most members of a group, by the kind of group: what stands before the first colon of its name. */
  constructor(limits: Readonly<Record<string, number>>) {
    this.#limits = limits;
  }

  add(member: string, groups: readonly string[]): void {
    for (const group of groups) {
      const members = this.#members.get(group) ?? new Set();
      this.#members.set(group, members);
      members.add(member);
    }
  }

  remove(member: string, groups: readonly string[]): void {
    for (const group of groups) {
      const members = this.#members.get(group);
      members?.delete(member);
      if (members?.size === 0) this.#members.delete(group);
    }
  }

  /** Those there are longest first. */
  membersOf(group: string): ReadonlySet<string> {
    return this.#members.get(group) ?? NONE;
  }

  /** The members of the first of these groups that takes no more; null: all do. */
  full(groups: readonly string[]): ReadonlySet<string> | null {
    for (const group of groups) {
      const members = this.#members.get(group);
      const limit = this.#limits[group.slice(0, group.indexOf(':'))] ?? Number.POSITIVE_INFINITY;
      if (members !== undefined && members.size >= limit) return members;
    }
    return null;
  }
}
