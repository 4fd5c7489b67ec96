import { type ActorModule, actorsOf } from '../../../src/supervisor/contract/actor.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { sleep } from '../../../src/supervisor/contract/clock.ts';
import { ask, configOf, defineContract, stream, tell } from '../../../src/supervisor/contract/contract.ts';
import type { Slab, SlotHandle, SlotPath } from '../../../src/supervisor/contract/slab.ts';
import type { VirtualDisk } from '../../../src/supervisor/testing/faults.ts';

// Actors in the roles of a node: one that keeps, shards that serve and fetch, one that plans, one that clients talk to.

const times = { startMs: 5_000, shutdownMs: 2_000, hungMs: 2_000 };
const empty = configOf<Record<never, never>>();

export const keeperContract = defineContract({
  name: 'keeper',
  config: empty,
  serial: true,
  mailbox: 64,
  ...times,
  messages: {
    put: ask<{ key: string; value: number; slot: SlotHandle | null }, null>({ deadlineMs: 4_000 }),
    get: ask<{ key: string }, number | null>({ deadlineMs: 3_000 }),
    seen: tell<{ key: string; slot: SlotHandle | null }>(),
    watch: stream<null, { key: string }>({ window: 4 }),
  },
});

export const shardContract = defineContract({
  name: 'shard',
  config: empty,
  uses: ['keeper'],
  mailbox: 32,
  ...times,
  messages: {
    serve: ask<{ key: string }, number>({ deadlineMs: 4_000 }),
    fetch: stream<{ key: string; chunks: number }, { chunk: number; slot: SlotHandle | null }>({
      window: 4,
    }),
    load: tell<number>({ overflow: 'latest' }),
  },
});

export const plannerContract = defineContract({
  name: 'planner',
  config: empty,
  uses: ['keeper', 'shard'],
  ...times,
  messages: { download: stream<{ key: string; chunks: number }, { done: number }>({ window: 8 }) },
});

export const frontContract = defineContract({
  name: 'front',
  config: empty,
  uses: ['planner', 'keeper', 'main'],
  ...times,
  messages: {
    get: ask<{ key: string; chunks: number }, number>({ deadlineMs: 20_000 }),
    greet: ask<null, string>({ deadlineMs: 2_000 }),
  },
});

export const mainContract = defineContract({
  name: 'main',
  config: empty,
  messages: { greet: ask<{ from: string }, string>() },
});

export const contracts = {
  keeper: keeperContract,
  shard: shardContract,
  planner: plannerContract,
  front: frontContract,
  main: mainContract,
};
const actor = actorsOf<typeof contracts, 'shard'>();

/** A filled slot for the other end of the path; null where there is none, or nobody to take it. */
function filled(slab: Slab, byte: number, along: SlotPath): SlotHandle | null {
  const mine = slab.claim();
  if (mine === null) return null;
  slab.bytes(mine)!.fill(byte & 0xff);
  const sent = slab.handOver(mine, along);
  if (sent === null) slab.release(mine);
  return sent;
}

/** Takes what came in the slot, if it still is ours to take. Anything else in it than what was sent is a bug. */
function emptied(slab: Slab, byte: number, slot: SlotHandle | null): void {
  const mine = slot && slab.adopt(slot);
  if (!mine) return;
  if (slab.bytes(mine)!.some((each) => each !== (byte & 0xff))) throw new Error('bytes of somebody else');
  slab.release(mine);
}

/** The behaviours on a disk of their world. */
export function actorsOn(disk: VirtualDisk): Record<string, ActorModule> {
  const keeper = actor(keeperContract, async ({ clock, signal, slab }) => {
    await sleep(clock, disk.delayMs());
    const values = new Map<string, number>();
    const watchers = new Set<(key: string) => void>();
    return {
      handlers: {
        put: async ({ key, value, slot }) => {
          await sleep(clock, disk.delayMs(), signal);
          emptied(slab, value, slot);
          values.set(key, value);
          for (const watcher of watchers) watcher(key);
          return null;
        },
        get: ({ key }) => values.get(key) ?? null,
        seen: ({ key, slot }) => {
          emptied(slab, key.length, slot);
          values.set(key, (values.get(key) ?? 0) + 1);
        },
        async *watch(_, call) {
          const changed: string[] = [];
          let wake = () => {};
          const watcher = (key: string) => {
            if (changed.length < 16) changed.push(key);
            wake();
          };
          watchers.add(watcher);
          const onAbort = () => wake();
          call.signal.addEventListener('abort', onAbort);
          try {
            while (!call.signal.aborted) {
              while (changed.length > 0) yield { key: changed.shift()! };
              if (call.signal.aborted) return;
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
            }
          } finally {
            watchers.delete(watcher);
            call.signal.removeEventListener('abort', onAbort);
          }
        },
      },
      stop: () => sleep(clock, disk.delayMs() / 4),
    };
  });

  const shard = actor(shardContract, ({ clock, refs, spawn, signal, slab }) => {
    // A buffer of its own for as long as it lives.
    slab.claim();
    spawn(async () => {
      for (;;) {
        try {
          for await (const { key } of refs.keeper.stream('watch', null, { signal })) {
            const slot = filled(slab, key.length, refs.keeper);
            if (!refs.keeper.tell('seen', { key, slot })) emptied(slab, key.length, slot);
          }
        } catch (error) {
          if (!(error instanceof ActorError) || signal.aborted) throw error;
        }
        await sleep(clock, 200, signal);
      }
    });
    return {
      handlers: {
        serve: async ({ key }, call) =>
          (await refs.keeper.ask('get', { key }, { signal: call.signal, deadlineMs: call.remainingMs() })) ??
          -1,
        async *fetch({ chunks }, call) {
          for (let chunk = 0; chunk < chunks; chunk++) {
            await sleep(clock, disk.delayMs(), call.signal);
            yield { chunk, slot: filled(slab, chunk, call) };
          }
        },
        load: () => {},
      },
    };
  });

  const planner = actor(plannerContract, ({ refs, clock, slab }) => {
    let deaths = 0;
    for (let member = 0; member < refs.shard.size; member++) refs.shard.member(member).onDown(() => deaths++);
    return {
      handlers: {
        async *download({ key, chunks }, call) {
          let done = 0;
          for (let round = 0; done < chunks; round++) {
            const ref = refs.shard.member(round % refs.shard.size);
            try {
              const wanted = { key, chunks: chunks - done };
              for await (const { chunk, slot } of ref.stream('fetch', wanted, { signal: call.signal })) {
                emptied(slab, chunk, slot);
                yield { done: ++done };
              }
            } catch (error) {
              if (!(error instanceof ActorError) || call.signal.aborted || round > 5) throw error;
              await sleep(clock, 100, call.signal);
            }
          }
          const value = done + deaths * 0;
          const slot = filled(slab, value, refs.keeper);
          try {
            await refs.keeper.ask('put', { key, value, slot }, { signal: call.signal });
          } finally {
            emptied(slab, value, slot);
          }
        },
      },
    };
  });

  const front = actor(frontContract, ({ refs, name }) => ({
    handlers: {
      get: async (request, call) => {
        let last = 0;
        for await (const { done } of refs.planner.stream('download', request, { signal: call.signal }))
          last = done;
        return last;
      },
      greet: () => refs.main.ask('greet', { from: name }),
    },
  }));
  return { keeper, shard, planner, front } as unknown as Record<string, ActorModule>;
}
