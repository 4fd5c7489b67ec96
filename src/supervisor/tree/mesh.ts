import type { Contract, Messages } from '../contract/contract.ts';
import type { Ref } from '../contract/ref.ts';
import { portLink } from '../link/port-link.ts';
import { Caller } from '../runtime/caller.ts';
import type { ControlReport, UseSpec } from '../runtime/control.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { Child } from './child.ts';
import type { MainService } from './main-service.ts';
import type { Placement } from './placement.ts';
import type { ChildSpec } from './tree-spec.ts';

/** The main thread owns no slots. */
const NOBODY = 0;

type LostLink = Extract<ControlReport, { type: 'lost' }>;

/**
 * The links of a tree: one channel from each user to each actor it uses, made when the later of the two comes up,
 * ended when either dies. Messages never pass the main thread, which makes the channels and holds refs of its own.
 */
export class Mesh {
  readonly #specs: readonly ChildSpec[];
  readonly #placement: Placement;
  readonly #deadlines: Deadlines;
  readonly #service: MainService;
  readonly #mainRefs = new Map<string, Caller>();
  /** Members of each sharded actor that calls go to. */
  readonly #sizes = new Map<string, number>();
  #all: () => readonly Child[] = () => [];
  #lost: { user: Child | null; link: Pick<LostLink, 'to' | 'member' | 'epoch'> }[] = [];

  constructor(specs: readonly ChildSpec[], placement: Placement, deadlines: Deadlines, service: MainService) {
    this.#specs = specs;
    this.#placement = placement;
    this.#deadlines = deadlines;
    this.#service = service;
  }

  /** `children`: every actor there is at the moment of the call. */
  populate(children: () => readonly Child[]): void {
    this.#all = children;
    this.#service.users = this.#children.filter((child) => uses(child, this.#service.contract.name)).length;
  }

  /** Calls to a sharded actor go to so many members now: whoever uses it learns of it. */
  resize(name: string, size: number): void {
    this.#sizes.set(name, size);
    for (const user of this.#children) {
      const alive = user.state === 'up' || user.state === 'starting';
      if (alive && uses(user, name)) user.send({ type: 'members', to: name, size });
    }
  }

  get #children(): readonly Child[] {
    return this.#all();
  }

  usesOf(child: Child): UseSpec[] {
    return child.spec.contract.uses.map((name) => {
      const target = this.#specs.find((spec) => spec.contract.name === name);
      const members = this.#sizes.get(name) ?? target?.members ?? 1;
      return { name, members, group: target?.members !== undefined };
    });
  }

  /** A life began: it reaches everybody who is up. */
  attach(child: Child): void {
    for (const target of this.#children) {
      // One that retires is for those alone that called it before.
      const wanted = target.member < (this.#sizes.get(target.name) ?? Number.POSITIVE_INFINITY);
      if (target.state === 'up' && wanted && uses(child, target.name)) this.#connect(child, target);
    }
    if (uses(child, this.#service.contract.name)) this.#connectMain(child);
  }

  /** A life is up: everybody who uses it reaches it, those included who are still starting. */
  announce(child: Child): void {
    for (const user of this.#children) {
      if ((user.state === 'up' || user.state === 'starting') && user !== child && uses(user, child.name)) {
        this.#connect(user, child);
      }
    }
    const caller = this.#mainRefs.get(child.id);
    if (caller) this.#bindMain(child, caller);
  }

  /** A life ended: callers fail what is pending. The called learn of it by the close of the port, and cancel what they did for it. */
  sever(dead: Child): void {
    for (const other of this.#children) {
      if (other === dead || other.state === 'idle' || other.state === 'down') continue;
      if (uses(other, dead.name)) other.send({ type: 'down', to: dead.name, member: dead.member });
    }
    this.#mainRefs.get(dead.id)?.down();
  }

  /** A link closed while its user lives (null: the main thread). Not yet a death: see `mend`. */
  lost(user: Child | null, link: Pick<LostLink, 'to' | 'member' | 'epoch'>): void {
    this.#lost.push({ user, link });
  }

  /**
   * Makes lost links anew between lives that went on. Called at intervals, not at the loss: a port closes a little
   * before the exit of its thread is known, and that is the usual reason.
   */
  mend(): void {
    for (const { user, link } of this.#lost.splice(0)) {
      if (user && link.to === this.#service.contract.name) {
        if (user.state === 'up' || user.state === 'starting') this.#connectMain(user);
        continue;
      }
      const target = this.#find(link.to, link.member);
      if (target?.state !== 'up' || target.epoch !== link.epoch) continue;
      if (user?.state === 'up' || user?.state === 'starting') this.#connect(user, target);
      const caller = user ? null : this.#mainRefs.get(target.id);
      if (caller) this.#bindMain(target, caller);
    }
  }

  /** A ref for the main thread. Bound while the target is up, as any other ref. */
  mainRef<M extends Messages>(contract: Contract<string, M>, member: number): Ref<M> {
    const child = this.#find(contract.name, member);
    const id = child?.id ?? contract.name;
    let caller = this.#mainRefs.get(id);
    if (!caller) {
      caller = new Caller(contract as unknown as Contract, this.#deadlines, {
        lost: (epoch) => this.lost(null, { to: contract.name, member, epoch }),
      });
      this.#mainRefs.set(id, caller);
      if (child?.state === 'up') this.#bindMain(child, caller);
    }
    return caller as unknown as Ref<M>;
  }

  /** The user's share of the target's mailbox goes with the channel. */
  #connect(user: Child, target: Child): void {
    const { port1, port2 } = this.#placement.channel();
    const budget = this.#share(target);
    target.send({ type: 'serve', from: user.id, life: user.slab.life, budget, port: port2 });
    const { name: to, member, epoch, slab } = target;
    user.send({ type: 'bind', to, member, epoch, life: slab.life, budget, port: port1 });
  }

  /** A link to the main thread's own conversation. */
  #connectMain(user: Child): void {
    const { port1, port2 } = this.#placement.channel();
    const budget = this.#service.serve(user.id, port1);
    const to = this.#service.contract.name;
    user.send({ type: 'bind', to, member: 0, epoch: 1, life: NOBODY, budget, port: port2 });
  }

  #bindMain(target: Child, caller: Caller): void {
    const { port1, port2 } = this.#placement.channel();
    const budget = this.#share(target);
    target.send({ type: 'serve', from: 'main', life: NOBODY, budget, port: port2 });
    caller.bind(portLink(port1), target.epoch, { credit: budget });
    // A ref of the main thread must not keep the process alive on its own; a listener on the port does.
    port1.unref();
  }

  /** The mailbox divided over everybody who may hold a link, the main thread included: the bound is real. */
  #share(target: Child): number {
    const users = this.#children.filter((child) => uses(child, target.name)).length;
    return Math.max(1, Math.floor(target.spec.contract.mailbox / (users + 1)));
  }

  #find(name: string, member: number): Child | undefined {
    return this.#children.find((child) => child.name === name && child.member === member);
  }
}

const uses = (child: Child, name: string): boolean => child.spec.contract.uses.includes(name);
