/** One who takes part in a download. */
export type Member = object;

/**
 * Knows whether a download can go on: it cannot once all who take part have nothing to do at the same time, because only
 * the work of one makes work for another.
 */
export class FetchCrew {
  readonly #members = new Set<Member>();
  /** Have nothing to do as things are. */
  readonly #idle = new Set<Member>();
  /** Have nothing to do, whatever changes. */
  readonly #resting = new Set<Member>();
  readonly #end = new AbortController();
  #wakers: (() => void)[] = [];

  /** Aborted when nothing is left to be done, or nobody left to do it. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  get over(): boolean {
    return this.#end.signal.aborted;
  }

  join(member: Member): void {
    this.#members.add(member);
  }

  leave(member: Member): void {
    this.#members.delete(member);
    this.#idle.delete(member);
    this.#resting.delete(member);
    this.#judge();
  }

  /** There may be work now for those who had none. */
  changed(): void {
    this.#idle.clear();
    for (const wake of this.#wakers.splice(0)) wake();
    this.#judge();
  }

  /** Nothing is left to be done. */
  end(): void {
    this.#end.abort();
    for (const wake of this.#wakers.splice(0)) wake();
  }

  /** Waits for a change, or the end. `idle`: the member has nothing under way itself. */
  async wait(member: Member, idle: boolean, signal: AbortSignal): Promise<void> {
    if (this.over || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const onAbort = () => resolve();
    this.#wakers.push(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    if (idle) this.#idle.add(member);
    this.#judge();
    await promise;
    signal.removeEventListener('abort', onAbort);
  }

  /** The member does nothing until it is back. */
  rest(member: Member): void {
    this.#resting.add(member);
    this.#judge();
  }

  back(member: Member): void {
    this.#resting.delete(member);
  }

  #judge(): void {
    if (!this.over && this.#idle.size + this.#resting.size >= this.#members.size) this.end();
  }
}
