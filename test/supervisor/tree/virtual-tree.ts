import type { ActorModule } from '../../../src/supervisor/contract/actor.ts';
import {
  ask,
  type Contract,
  configOf,
  defineContract,
  type Messages,
  type Restart,
} from '../../../src/supervisor/contract/contract.ts';
import type { GroupRef } from '../../../src/supervisor/contract/ref.ts';
import { VirtualPlacement } from '../../../src/supervisor/testing/virtual-placement.ts';
import { World } from '../../../src/supervisor/testing/world.ts';
import type { MemoryLimits } from '../../../src/supervisor/tree/memory-watch.ts';
import { mainService, Supervisor } from '../../../src/supervisor/tree/supervisor.ts';
import type {
  BranchSpec,
  ChildSpec,
  RestartLimits,
  Strategy,
} from '../../../src/supervisor/tree/tree-spec.ts';

/** What the part of a test tree does beside answering. */
export interface Part {
  /** Throws at its next so many starts. */
  failStarts?: number;
  /** Takes so long to come up, and to stop. */
  slowMs?: number;
  /** Never comes up. */
  hangStart?: boolean;
  /** Never stops by itself. */
  hangStop?: boolean;
  /** A member that retires says that it is done after so long. */
  retiresInMs?: number;
}

export interface PartOptions {
  restart?: Restart;
  members?: number;
  uses?: readonly string[];
  limits?: RestartLimits;
}

const pingContract = (name: string, options: PartOptions) =>
  defineContract({
    name,
    config: configOf<Record<never, never>>(),
    uses: options.uses ?? [],
    restart: options.restart ?? 'permanent',
    startMs: 1_000,
    shutdownMs: 1_000,
    hungMs: 3_000,
    retireMs: 5_000,
    messages: {
      ping: ask<null, number>(),
      /** Which members of the other one answer, each asked once. */
      reach: ask<{ name: string }, readonly number[]>({ deadlineMs: 60_000 }),
      work: ask<{ ms: number }, string>({ deadlineMs: 60_000 }),
    },
  });

/** Trees of do-nothing actors under the real supervisor, in a world whose time the test moves. */
export class VirtualTree {
  readonly world: World;
  readonly placement: VirtualPlacement;
  readonly parts: Record<string, Part> = {};
  /** `+name` when it came up, `-name` when it stopped in order. */
  readonly story: string[] = [];
  readonly restarted: string[] = [];
  readonly pressed: string[] = [];
  gaveUp: string | null = null;
  readonly supervisor: Supervisor;
  readonly #modules = new Map<string, ActorModule>();
  readonly #contracts: Record<string, Contract> = {};

  constructor(
    build: (tree: VirtualTree) => BranchSpec,
    options: { seed?: number; memory?: MemoryLimits } = {},
  ) {
    this.world = new World(options.seed ?? 1);
    this.placement = new VirtualPlacement(this.world, this.#modules, this.#contracts);
    const { random } = this.world;
    this.supervisor = new Supervisor(
      { ...build(this), contracts: new URL('world:contracts') },
      {
        log: { debug() {}, info() {}, warn() {}, error() {} },
        logLevel: 'silent',
        clock: this.world,
        placement: this.placement,
        random: random.next,
        ...(options.memory && { memory: options.memory }),
        events: {
          actorRestarted: ({ actor, cause }) => this.restarted.push(`${actor}: ${cause}`),
          gaveUp: ({ actor }) => {
            this.gaveUp = actor;
          },
        },
        service: mainService(
          defineContract({ name: 'main', config: configOf<Record<never, never>>(), messages: {} }),
          {},
        ),
      },
    );
  }

  actor(name: string, options: PartOptions = {}): ChildSpec {
    const contract = pingContract(name, options) as unknown as Contract;
    const module = new URL(`world:${name}`);
    this.#contracts[name] = contract;
    this.#modules.set(module.href, this.#moduleOf(name, contract));
    return {
      contract,
      module,
      config: {},
      ...(options.members && { members: options.members }),
      ...(options.limits && { limits: options.limits }),
    };
  }

  contract(name: string): Contract {
    return this.#contracts[name]!;
  }

  branch(
    name: string,
    strategy: Strategy,
    children: BranchSpec['children'],
    limits: RestartLimits = { intensity: 3, periodMs: 10_000 },
  ): BranchSpec {
    return { name, strategy, children, ...limits };
  }

  /** Drives the world until the promise settles. */
  async settle<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    if (!(await this.world.runUntil(() => settled, withinMs))) throw new Error('the promise never settled');
    return promise;
  }

  life(id: string) {
    for (const life of this.placement.lives) if (life.name === id && life.state !== 'dead') return life;
    throw new Error(`${id} does not live`);
  }

  crash(id: string): void {
    this.life(id).crash(new TypeError('a bug of ours'));
  }

  state(id: string): string | undefined {
    return this.supervisor.status().find((actor) => actor.name === id)?.state;
  }

  /** Waits until the actor died and lives again, and returns what happened meanwhile. */
  async back(count = 1): Promise<string[]> {
    const from = this.restarted.length;
    if (!(await this.world.runUntil(() => this.restarted.length >= from + count, 60_000))) {
      throw new Error(`nothing came back: ${this.restarted.join(', ')}`);
    }
    return this.restarted.slice(from);
  }

  takeStory(): string {
    return this.story.splice(0).join(' ');
  }

  #moduleOf(name: string, contract: Contract): ActorModule {
    return {
      contract,
      start: async ({ clock, member, epoch, refs }) => {
        const part = this.parts[name] ?? {};
        this.parts[name] = part;
        const pause = () => new Promise<void>((resolve) => clock.after(part.slowMs ?? 0, resolve));
        if (part.slowMs) await pause();
        if (part.hangStart) await new Promise(() => {});
        if ((part.failStarts ?? 0) > 0) {
          part.failStarts!--;
          throw new Error(`${name} does not start`);
        }
        const id = this.#isGroup(name) ? `${name}/${member}` : name;
        this.story.push(`+${id}`);
        const work = ({ ms }: { ms: number }) =>
          new Promise<string>((resolve) => clock.after(ms, () => resolve('done')));
        return {
          handlers: {
            ping: () => epoch,
            work,
            reach: async ({ name: other }: { name: string }) => {
              const group = refs[other] as GroupRef<Messages>;
              const members = Array.from({ length: group.size }, (_, index) => index);
              const asked = members.map((index) => group.member(index).ask('ping' as never, null as never));
              const answers = await Promise.allSettled(asked);
              return members.filter((index) => answers[index]!.status === 'fulfilled');
            },
          } as never,
          retire: () => new Promise<void>((resolve) => clock.after(part.retiresInMs ?? 0, resolve)),
          pressure: (level) => void this.pressed.push(`${id}: ${level}`),
          stop: async () => {
            if (part.hangStop) await new Promise(() => {});
            if (part.slowMs) await pause();
            this.story.push(`-${id}`);
          },
        };
      },
    };
  }

  #isGroup(name: string): boolean {
    return this.supervisor.status().some((actor) => actor.name === `${name}/0`);
  }
}
