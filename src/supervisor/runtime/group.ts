import type { Contract, Messages } from '../contract/contract.ts';
import type { GroupRef } from '../contract/ref.ts';
import { Caller, type CallerEvents } from './caller.ts';
import type { Deadlines } from './deadlines.ts';

/** A ref to every member of a sharded actor. */
export class Group<M extends Messages = Messages> implements GroupRef<M> {
  readonly #make: (member: number) => Caller<M>;
  /** Those beyond the size are on their way in or out. */
  readonly #members: Caller<M>[] = [];
  #size: number;

  constructor(
    contract: Contract<string, M>,
    deadlines: Deadlines,
    size: number,
    events: (member: number) => CallerEvents,
  ) {
    this.#make = (member) => new Caller(contract, deadlines, events(member));
    this.#size = size;
    if (size > 0) this.caller(size - 1);
  }

  /** From now on calls go to so many members. */
  resize(size: number): void {
    this.#size = size;
    if (size > 0) this.caller(size - 1);
  }

  /** For the links: also of a member that is not in the group yet, or not any more. */
  caller(member: number): Caller<M> {
    while (this.#members.length <= member) this.#members.push(this.#make(this.#members.length));
    return this.#members[member]!;
  }

  get members(): readonly Caller<M>[] {
    return this.#members;
  }

  get size(): number {
    return this.#size;
  }

  member(index: number): Caller<M> {
    const member = this.#members[index];
    if (!member || index >= this.#size) throw new RangeError(`no member ${index} in a group of ${this.size}`);
    return member;
  }

  route(key: string): Caller<M> {
    return this.member(fnv1a(key) % this.size);
  }
}

/** 32-bit FNV-1a over UTF-16 units: spreads keys evenly, needs no table, and nobody attacks it from outside. */
function fnv1a(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
