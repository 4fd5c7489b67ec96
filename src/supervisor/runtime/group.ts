import type { Contract, Messages } from '../contract/contract.ts';
import type { GroupRef } from '../contract/ref.ts';
import { Caller, type CallerEvents } from './caller.ts';
import type { Deadlines } from './deadlines.ts';

/** A ref to every member of a sharded actor. */
export class Group<M extends Messages = Messages> implements GroupRef<M> {
  readonly #members: Caller<M>[];

  constructor(
    contract: Contract<string, M>,
    deadlines: Deadlines,
    size: number,
    events: (member: number) => CallerEvents,
  ) {
    this.#members = Array.from(
      { length: size },
      (_, member) => new Caller(contract, deadlines, events(member)),
    );
  }

  get members(): readonly Caller<M>[] {
    return this.#members;
  }

  get size(): number {
    return this.#members.length;
  }

  member(index: number): Caller<M> {
    const member = this.#members[index];
    if (!member) throw new RangeError(`no member ${index} in a group of ${this.size}`);
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
