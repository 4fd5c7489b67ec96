import type { Random } from './random.ts';
import type { VirtualLife } from './virtual-life.ts';
import type { VirtualPlacement } from './virtual-placement.ts';
import type { World } from './world.ts';

/** What may go wrong in a world; one of them does, or nothing. */
export const FAULT_KINDS = [
  'none',
  'crash',
  'exit',
  'memory',
  'hang',
  'lost-link',
  'slow-disk',
  'suspend',
] as const;
/** One of `FAULT_KINDS`. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** What goes wrong in a world, and when: a function of the seed. */
export interface Fault {
  readonly kind: FaultKind;
  readonly at: number;
  readonly forMs: number;
}

export const planFault = (random: Random, withinMs: number): Fault => ({
  kind: random.pick(FAULT_KINDS),
  at: random.between(0, withinMs),
  forMs: random.between(1_500, 60_000),
});

/** A disk that behaviours of a world ask how long their next write takes. */
export class VirtualDisk {
  readonly #world: World;
  #slowUntil = 0;

  constructor(world: World) {
    this.#world = world;
  }

  slow(ms: number): void {
    this.#slowUntil = this.#world.now() + ms;
  }

  delayMs(): number {
    const { random } = this.#world;
    return this.#world.now() < this.#slowUntil ? random.between(500, 6_000) : random.between(0.05, 4);
  }
}

/** Lets the fault happen at its time. Returns what it hit, once it has. */
export function injectFault(fault: Fault, world: World, placement: VirtualPlacement, disk: VirtualDisk) {
  const hit = { life: null as VirtualLife | null };
  const happen = () => {
    const { kind, forMs } = fault;
    if (kind === 'none') return;
    if (kind === 'suspend') {
      world.suspend(forMs);
      for (const life of placement.lives) life.doze(world.random.between(0, 60));
      return;
    }
    if (kind === 'slow-disk') return disk.slow(forMs);
    if (kind === 'lost-link') {
      const channels = [...placement.channels];
      if (channels.length > 0) world.random.pick(channels).close();
      return;
    }
    const lives = [...placement.lives].filter(({ state }) => state === 'running');
    if (lives.length === 0) return;
    const life = world.random.pick(lives);
    hit.life = life;
    world.note(() => `fault: ${kind} of ${life.name}`);
    if (kind === 'crash') life.crash(new TypeError('a fault of this world'));
    else if (kind === 'hang') life.hang();
    else life.exit({ code: 3, outOfMemory: kind === 'memory' });
  };
  world.schedule(fault.at, 0.5, happen);
  return hit;
}
