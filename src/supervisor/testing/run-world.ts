import type { ActorModule } from '../contract/actor.ts';
import type { Contract } from '../contract/contract.ts';
import type { MainServiceSpec } from '../tree/main-service.ts';
import { Supervisor } from '../tree/supervisor.ts';
import type { TreeSpec } from '../tree/tree-spec.ts';
import { type Fault, injectFault, planFault, VirtualDisk } from './faults.ts';
import { Random } from './random.ts';
import { VirtualPlacement } from './virtual-placement.ts';
import { World } from './world.ts';

/** A tree and what is asked of it. Made anew for each world. */
export interface Scenario {
  readonly tree: TreeSpec;
  /** By the URL the tree names. */
  readonly modules: ReadonlyMap<string, ActorModule>;
  readonly contracts: Readonly<Record<string, Contract>>;
  readonly service: MainServiceSpec;
  /** Begins calls from outside, by `load`; each must settle. */
  drive(supervisor: Supervisor, load: Load): void;
  /** Whether the tree serves again: asked until it does, some time after the fault. */
  probe(supervisor: Supervisor): Promise<unknown>;
  /**
   * What runs in an actor while nobody asks for anything: streams that actors hold among themselves. Null: any number,
   * it works by itself.
   */
  readonly standing: Readonly<Record<string, number | null>>;
  /** Slots of the slab that actors own meanwhile; default 0. */
  standingSlots?(supervisor: Supervisor): number;
}

/** What a scenario begins its calls with. */
export interface Load {
  readonly random: Random;
  /** Begins the work at a moment within the world's busy time. Rejections are outcomes as good as results. */
  at(name: string, work: () => Promise<unknown>): void;
}

/** What became of one world. */
export interface Outcome {
  readonly seed: number;
  readonly fault: Fault;
  /** What the fault hit. */
  readonly hit: string | null;
  /** Promises that were broken; empty in a good world. */
  readonly broken: readonly string[];
  readonly restarts: readonly string[];
  /** The end of the story, where the world was traced. */
  readonly trace: readonly string[];
}

/** Calls begin within this time, faults happen within it. */
const BUSY_MS = 12_000;
/** Longer than any deadline of a scenario, and than a hung actor takes to be replaced. */
const SETTLE_MS = 150_000;

/**
 * Runs one world from its start to its end under one fault of the seed's choosing, and looks at everything that must
 * hold: calls settle, the tree serves again, it stops, and nothing is left of it.
 */
export async function runWorld(
  seed: number,
  make: (world: World, disk: VirtualDisk) => Scenario,
  options: { trace?: boolean } = {},
): Promise<Outcome> {
  const world = new World(seed, options);
  const disk = new VirtualDisk(world);
  const scenario = make(world, disk);
  const placement = new VirtualPlacement(world, scenario.modules, scenario.contracts);
  const broken: string[] = [];
  const restarts: string[] = [];
  const open = new Set<string>();
  let gaveUp = false;
  const supervisor = new Supervisor(scenario.tree, {
    log: { debug() {}, info() {}, warn() {}, error() {} },
    logLevel: 'silent',
    clock: world,
    placement,
    random: new Random(seed ^ 0x5eed).next,
    service: scenario.service,
    events: {
      actorRestarted: ({ actor, cause }) => {
        world.note(() => `${actor} is back (${cause})`);
        restarts.push(`${actor}: ${cause}`);
      },
      gaveUp: () => {
        gaveUp = true;
      },
    },
  });

  const fault = planFault(world.random, BUSY_MS);
  world.note(() => `seed ${seed}: ${fault.kind} at ${fault.at.toFixed(0)} ms`);
  const hit = injectFault(fault, world, placement, disk);

  const settled = async (name: string, promise: Promise<unknown>, withinMs: number) => {
    let done = false;
    let failure: unknown = null;
    promise.then(
      () => {
        done = true;
      },
      (error) => {
        done = true;
        failure = error;
      },
    );
    if (!(await world.runUntil(() => done, withinMs))) broken.push(`${name} did not settle`);
    return { done, failure };
  };

  const start = await settled('start', supervisor.start(), SETTLE_MS);
  if (start.failure === null && start.done) {
    let counter = 0;
    scenario.drive(supervisor, {
      random: world.random,
      at: (name, work) => {
        const call = `${name} #${counter++}`;
        open.add(call);
        world.after(world.random.between(0, BUSY_MS), () => {
          work()
            .catch(() => {})
            .then(() => {
              world.note(() => `${call} settled`);
              open.delete(call);
            });
        });
      },
    });
    await world.runUntil(() => open.size === 0, BUSY_MS + SETTLE_MS);
    for (const call of open) broken.push(`${call} did not settle`);
    // Whatever the fault began has ended by now, and then the tree is whole.
    await world.runFor(Math.max(0, fault.at + fault.forMs - world.now()) + 20_000);
    const probe = await settled('probe', scenario.probe(supervisor), SETTLE_MS);
    if (probe.failure !== null) broken.push(`the tree does not serve again: ${probe.failure}`);
    await world.runFor(1_000);
    slotsReturned('at rest', scenario.standingSlots?.(supervisor));
    for (const { name, state, mailbox } of supervisor.status()) {
      const standing = name in scenario.standing ? scenario.standing[name] : 0;
      if (state !== 'up' && state !== 'down') broken.push(`${name} is ${state}`);
      if (state === 'up' && standing !== null && mailbox !== standing) {
        broken.push(`${name} still runs ${mailbox}, not ${standing}`);
      }
    }
  } else if (fault.kind === 'none' || fault.kind === 'suspend') {
    broken.push(`the start failed: ${start.failure}`);
  }

  const stop = supervisor.stop();
  await settled('stop', stop, SETTLE_MS);
  await world.runFor(SETTLE_MS);
  judge();
  return {
    seed,
    fault,
    hit: hit.life?.name ?? null,
    broken,
    restarts,
    trace: world.trace,
  };

  function slotsReturned(when: string, standing = 0): void {
    const { slots, free } = supervisor.slab();
    const kept = slots - free - standing;
    if (kept !== 0) broken.push(`${kept} slots too many are in use ${when}`);
  }

  function judge(): void {
    slotsReturned('after the stop');
    if (gaveUp) broken.push('a single fault ended the tree');
    const expected = causeOf(fault);
    for (const restart of restarts) {
      if (/: with /.test(restart) && expected !== null) continue;
      if (expected === null || !restart.endsWith(expected)) broken.push(`unexpected restart ${restart}`);
    }
    for (const { name, state } of supervisor.status()) {
      if (state !== 'down' && state !== 'idle') broken.push(`${name} is ${state} after the stop`);
    }
    if (world.timers > 0) broken.push(`${world.timers} timers are left`);
    if (placement.lives.size > 0) broken.push(`${placement.lives.size} lives are left`);
    if (placement.channels.size > 0) broken.push(`${placement.channels.size} channels are left`);
    for (const [name, count] of placement.leftTimers)
      broken.push(`${name} left ${count} timers when it stopped`);
  }
}

/** What the supervisor must find of it; null: no actor dies of such a fault. */
function causeOf({ kind }: Fault): string | null {
  if (kind === 'crash' || kind === 'exit' || kind === 'memory') return kind;
  return kind === 'hang' ? 'hung' : null;
}
