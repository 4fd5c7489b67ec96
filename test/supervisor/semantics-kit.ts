import {
  type ActorContext,
  type ActorModule,
  actorsOf,
  type Handlers,
} from '../../src/supervisor/contract/actor.ts';
import {
  ask,
  type Contract,
  configOf,
  defineContract,
  type MessagesOf,
  stream,
  tell,
} from '../../src/supervisor/contract/contract.ts';
import type { Ref } from '../../src/supervisor/contract/ref.ts';
import type { Slab, SlotHandle } from '../../src/supervisor/contract/slab.ts';
import { VirtualPlacement } from '../../src/supervisor/testing/virtual-placement.ts';
import { World } from '../../src/supervisor/testing/world.ts';
import { mainService, Supervisor } from '../../src/supervisor/tree/supervisor.ts';

// A listener whose handlers each test writes, and two talkers that send what the test tells them to.

const empty = configOf<Record<never, never>>();
export const listenerContract = defineContract({
  name: 'listener',
  config: empty,
  mailbox: 24,
  shutdownMs: 1_000,
  hungMs: 2_000,
  messages: {
    hear: tell<number>(),
    level: tell<number>({ overflow: 'latest' }),
    answer: ask<number, number>({ deadlineMs: 5_000 }),
    items: stream<number, number>({ window: 4 }),
    slot: ask<SlotHandle | null, SlotHandle | null>({ deadlineMs: 5_000 }),
  },
});
export const serialContract = defineContract({ ...listenerContract, name: 'serial', serial: true });
const talker = <const Name extends string>(name: Name) =>
  defineContract({
    name,
    config: empty,
    uses: ['listener', 'serial'],
    messages: { talk: ask<number, number>({ deadlineMs: 60_000 }) },
  });
export const oneContract = talker('one');
export const twoContract = talker('two');

const contracts = {
  listener: listenerContract,
  serial: serialContract,
  one: oneContract,
  two: twoContract,
};
const actor = actorsOf<typeof contracts>();
type Messages = MessagesOf<typeof listenerContract>;
type Listening = Partial<Handlers<Messages>>;
type Refs = { readonly listener: Ref<Messages>; readonly serial: Ref<Messages> };
type Talk = (n: number, refs: Refs, signal: AbortSignal, slab: Slab) => Promise<number>;

const DEAF: Handlers<Messages> = {
  hear: () => {},
  level: () => {},
  answer: (n) => n,
  slot: () => null,
  async *items(to) {
    for (let n = 0; n < to; n++) yield n;
  },
};

export type Listen = (context: ActorContext<object, object, never>) => Listening;

export interface Talkers {
  listener?: Listen;
  serial?: Listen;
  one?: Talk;
  two?: Talk;
  stop?: () => void | Promise<void>;
}

/** The three of them on virtual time, started. */
export async function conversation(parts: Talkers = {}, seed = 1) {
  const world = new World(seed);
  const url = (name: string) => new URL(`world:${name}`);
  const listening = (part: Listen | undefined) => (context: unknown) => ({
    handlers: { ...DEAF, ...part?.(context as ActorContext<object, object, never>) },
    ...(parts.stop && { stop: parts.stop }),
  });
  const talking =
    (talk: Talk | undefined) =>
    ({ refs, slab }: { refs: Refs; slab: Slab }) => ({
      handlers: {
        talk: (n: number, call: { signal: AbortSignal }) =>
          talk?.(n, refs, call.signal, slab) ?? Promise.resolve(n),
      },
    });
  const modules: Record<string, unknown> = {
    listener: actor(listenerContract, listening(parts.listener)),
    serial: actor(serialContract, listening(parts.serial)),
    one: actor(oneContract, talking(parts.one)),
    two: actor(twoContract, talking(parts.two)),
  };
  const placement = new VirtualPlacement(
    world,
    new Map(Object.entries(modules).map(([name, module]) => [url(name).href, module as ActorModule])),
    contracts as unknown as Record<string, Contract>,
  );
  const restarted: string[] = [];
  const supervisor = new Supervisor(
    {
      contracts: url('contracts'),
      slab: { slots: 4, slotBytes: 64 },
      intensity: 5,
      periodMs: 30_000,
      children: Object.values(contracts).map((contract) => ({
        contract: contract as unknown as Contract,
        module: url(contract.name),
        config: {},
      })),
    },
    {
      log: { debug() {}, info() {}, warn() {}, error() {} },
      logLevel: 'silent',
      clock: world,
      placement,
      random: world.random.next,
      events: {
        actorRestarted: ({ actor, cause }) => restarted.push(`${actor}: ${cause}`),
        gaveUp: () => {},
      },
      service: mainService(defineContract({ name: 'main', config: empty, messages: {} }), {}),
    },
  );
  /** Moves the world until the promise settles, and gives what it settled to. */
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    const note = () => {
      done = true;
    };
    promise.then(note, note);
    if (!(await world.runUntil(() => done, 120_000))) throw new Error('it never settled');
    return promise;
  };
  await settle(supervisor.start());
  return {
    world,
    supervisor,
    restarted,
    settle,
    listener: supervisor.ref(listenerContract),
    serial: supervisor.ref(serialContract),
    one: supervisor.ref(oneContract),
    two: supervisor.ref(twoContract),
    life: (name: string) => [...placement.lives].find((life) => life.name === name && life.state !== 'dead')!,
    channels: placement.channels,
    /** The error a promise rejects with, as its code. */
    code: (promise: Promise<unknown>) =>
      settle(
        promise.then(
          () => 'resolved',
          (error) => error.code as string,
        ),
      ),
  };
}
