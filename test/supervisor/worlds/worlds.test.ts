import { expect, test } from 'vitest';
import type { ActorModule } from '../../../src/supervisor/contract/actor.ts';
import type { VirtualDisk } from '../../../src/supervisor/testing/faults.ts';
import { type Outcome, runWorld, type Scenario } from '../../../src/supervisor/testing/run-world.ts';
import type { World } from '../../../src/supervisor/testing/world.ts';
import { smallNode } from './scenario.ts';
import { scenarios } from './scenarios.ts';

type Make = (world: World, disk: VirtualDisk) => Scenario;

/** Runs the seeds; the first broken world is told with its story, which its seed tells again. */
async function worlds(name: string, from: number, count: number): Promise<Map<string, number>> {
  const make = scenarios[name]!;
  const kinds = new Map<string, number>();
  for (let seed = from; seed < from + count; seed++) {
    const { fault, broken } = await runWorld(seed, make);
    kinds.set(fault.kind, (kinds.get(fault.kind) ?? 0) + 1);
    if (broken.length === 0) continue;
    const { trace, hit } = await runWorld(seed, make, { trace: true });
    throw new Error(
      [
        `seed ${seed}, ${fault.kind}${hit ? ` of ${hit}` : ''}: ${broken.join('; ')}`,
        `npm run worlds -- --scenario ${name} --seed ${seed}`,
        ...trace.slice(-40),
      ].join('\n'),
    );
  }
  return kinds;
}

test('500 worlds with a fault each: every promise settles, every timer is gone, nothing is left', async () => {
  const kinds = await worlds('small', 1, 500);
  // Each kind of fault had its share, so the sentence says something.
  expect(kinds.size).toBe(8);
  for (const count of kinds.values()) expect(count).toBeGreaterThan(30);
}, 120_000);

test('the same of the real sync actor between scripted neighbours', async () => {
  await worlds('sync', 1, 120);
}, 120_000);

test('the same of a node whose shards become more and fewer', async () => {
  await worlds('resized', 1, 100);
}, 120_000);

test('a seed tells the same story each time', async () => {
  for (const seed of [3, 47, 871]) {
    const [one, two] = [
      await runWorld(seed, smallNode, { trace: true }),
      await runWorld(seed, smallNode, { trace: true }),
    ];
    expect(one.trace.length).toBeGreaterThan(20);
    expect(two).toEqual(one);
  }
  const other = await runWorld(4, smallNode, { trace: true });
  expect(other.trace).not.toEqual((await runWorld(5, smallNode, { trace: true })).trace);
});

/** The small node with the keeper's behaviour spoilt. */
function spoilt(spoil: (module: ActorModule) => ActorModule): Make {
  return (world, disk) => {
    const scenario = smallNode(world, disk);
    const modules = new Map(scenario.modules);
    modules.set('world:keeper', spoil(modules.get('world:keeper')!));
    return { ...scenario, modules };
  };
}

async function brokenBy(spoil: (module: ActorModule) => ActorModule): Promise<string> {
  const outcomes: Outcome[] = [];
  for (let seed = 1; seed <= 12; seed++) outcomes.push(await runWorld(seed, spoilt(spoil)));
  return outcomes.flatMap(({ broken }) => broken).join('\n');
}

test('a world notices a timer that outlives its actor', async () => {
  const broken = await brokenBy((keeper) => ({
    ...keeper,
    start: (context) => {
      context.clock.after(10_000_000, () => {});
      return keeper.start(context);
    },
  }));
  expect(broken).toContain('keeper left 1 timers');
});

test('a world notices work that does not heed its cancellation', async () => {
  const broken = await brokenBy((keeper) => ({
    ...keeper,
    start: async (context) => {
      const behaviour = await keeper.start(context);
      const handlers: never = { ...behaviour.handlers, put: () => new Promise(() => {}) } as never;
      return { ...behaviour, handlers };
    },
  }));
  expect(broken).toContain('keeper still runs');
});

test('a world notices an actor that dies without a fault', async () => {
  const broken = await brokenBy((keeper) => ({
    ...keeper,
    start: async (context) => {
      const behaviour = await keeper.start(context);
      context.clock.after(5_000, () => context.spawn(() => Promise.reject(new Error('a bug'))));
      return behaviour;
    },
  }));
  expect(broken).toContain('unexpected restart keeper: crash');
});

test('a world notices a slot that is kept, and one that is under way to nobody', async () => {
  const broken = await brokenBy((keeper) => ({
    ...keeper,
    start: async (context) => {
      const behaviour = await keeper.start(context);
      const { put } = behaviour.handlers as unknown as Record<string, (request: object) => unknown>;
      // It is answered for, and looked at by nobody.
      const handlers: never = {
        ...behaviour.handlers,
        put: (request: object) => {
          context.slab.claim();
          return put!({ ...request, slot: null });
        },
      } as never;
      return { ...behaviour, handlers };
    },
  }));
  expect(broken).toMatch(/slots too many are in use at rest/);
  expect(broken).not.toContain('after the stop');
});
