import type { ActorModule } from '../contract/actor.ts';
import type { Contract } from '../contract/contract.ts';
import type { ActorBirth } from '../runtime/control.ts';
import type { Life, LifeEvents, Placement } from '../tree/placement.ts';
import { VirtualLife } from './virtual-life.ts';
import { VirtualChannel, type VirtualPort } from './virtual-port.ts';
import type { World } from './world.ts';

const MAIN = { name: 'main', state: 'running', stash() {} } as const;

/** Where the lives of a virtual world take place: all on one thread, each believing it has its own. */
export class VirtualPlacement implements Placement {
  /** Lives that did not end yet. */
  readonly lives = new Set<VirtualLife>();
  readonly ahead = false;
  /** Channels that are open. */
  readonly channels = new Set<VirtualChannel>();
  /** Timers that behaviours left behind when they stopped in order, by actor. */
  readonly leftTimers = new Map<string, number>();
  readonly #world: World;
  readonly #modules: ReadonlyMap<string, ActorModule>;
  readonly #contracts: Readonly<Record<string, Contract>>;
  #threads = 0;

  /** `modules` by the URL that the tree names. */
  constructor(
    world: World,
    modules: ReadonlyMap<string, ActorModule>,
    contracts: Readonly<Record<string, Contract>>,
  ) {
    this.#world = world;
    this.#modules = modules;
    this.#contracts = contracts;
  }

  spawn(birth: ActorBirth, _limits: unknown, events: LifeEvents): Life {
    const module = this.#modules.get(birth.module);
    if (!module) throw new TypeError(`the world has no module ${birth.module}`);
    const made = { module, contracts: this.#contracts, threadId: ++this.#threads };
    const life = new VirtualLife(this.#world, structuredBirth(birth), made, events, (ended) => {
      this.lives.delete(ended);
      if (ended.leftTimers > 0) this.leftTimers.set(ended.name, ended.leftTimers);
    });
    this.lives.add(life);
    return life;
  }

  channel(): { port1: VirtualPort; port2: VirtualPort } {
    const channel = new VirtualChannel(this.#world, (gone) => this.channels.delete(gone));
    channel.port1.holder = MAIN;
    channel.port2.holder = MAIN;
    this.channels.add(channel);
    return channel;
  }
}

/** What a worker would get: a copy, with the shared memory shared. */
const structuredBirth = (birth: ActorBirth): ActorBirth => ({
  ...birth,
  config: structuredClone(birth.config),
});
