import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/supervisor/observe/log.ts';
import { Supervisor } from '../../src/supervisor/tree/supervisor.ts';
import { type Axe, withAxe } from '../threads/watched-lives.ts';
import { giverContract, takerContract } from './actors/slots.ts';
import { until } from './two-actors.ts';

// The slab on real threads, whose owners are killed.

const SLOTS = 4;
let axe: Axe;
let supervisor: Supervisor;
let restarted = 0;

beforeEach(async () => {
  restarted = 0;
  const actor = (name: string) => new URL(`./actors/${name}.ts`, import.meta.url);
  supervisor = new Supervisor(
    {
      contracts: actor('slots'),
      slab: { slots: SLOTS },
      intensity: 50,
      periodMs: 30_000,
      children: [
        { contract: takerContract, module: actor('taker'), config: {} },
        { contract: giverContract, module: actor('giver'), config: {} },
      ],
    },
    { log: createLog('silent', {}), logLevel: 'silent', events: { actorRestarted: () => restarted++ } },
  );
  ({ axe } = await withAxe(() => supervisor.start()));
});
afterEach(async () => {
  await supervisor.stop();
  expect(supervisor.slab()).toMatchObject({ free: SLOTS, underWay: 0 });
});

const giver = () => supervisor.ref(giverContract);
const taker = () => supervisor.ref(takerContract);
const kill = async (name: string) => {
  const before = restarted;
  axe.cut(name);
  await until(() => restarted > before);
};

test('256 KiB go there and back in place', async () => {
  expect(await giver().ask('lend', { times: 30 })).toBe(30);
  expect(supervisor.slab()).toEqual({ slots: SLOTS, free: SLOTS, underWay: 0, full: 0 });
});

test('an owner is killed: its slots are its successor’s to claim', async () => {
  expect(await giver().ask('hold', { slots: SLOTS + 1 })).toBe(SLOTS);
  expect(supervisor.slab()).toMatchObject({ free: 0, full: 1 });
  await kill('giver');
  expect(await giver().ask('hold', { slots: SLOTS })).toBe(SLOTS);
});

test('an owner is killed while it writes: who claims its slots is alone with them', async () => {
  giver().tell('scribble', null);
  await until(() => supervisor.slab().full > 0);
  await kill('giver');
  expect(supervisor.slab().free).toBe(SLOTS);
  expect(await giver().ask('lend', { times: 30 })).toBe(30);
});

test('a receiver is killed with a slot in its mailbox: it is free, and its handle means nothing to the next life', async () => {
  taker().tell('block', { ms: 60_000 });
  const sent = await giver().ask('post', null);
  expect(supervisor.slab()).toMatchObject({ free: SLOTS - 1, underWay: 1 });
  await kill('taker');
  expect(supervisor.slab()).toMatchObject({ free: SLOTS, underWay: 0 });
  expect(await taker().ask('adopt', sent)).toBe(false);
});

test('a sender is killed before its slot is adopted: the message comes, the slot does not', async () => {
  const sent = await giver().ask('address', null);
  expect(supervisor.slab()).toMatchObject({ free: SLOTS - 1, underWay: 1 });
  await kill('giver');
  expect(supervisor.slab()).toMatchObject({ free: SLOTS, underWay: 0 });
  expect(await taker().ask('adopt', sent)).toBe(false);
  expect(supervisor.slab()).toMatchObject({ free: SLOTS, underWay: 0 });
});

test('slots go about while both sides are killed in turn: never two in one slot, and all return', async () => {
  let lending = true;
  let right = 0;
  const lend = async () => {
    while (lending)
      right += await giver()
        .ask('lend', { times: 4 })
        // Down for a moment: a call fails at once then.
        .catch(() => new Promise<number>((resolve) => setTimeout(() => resolve(0), 10)));
  };
  const lanes = Array.from({ length: 3 }, lend);
  for (const victim of ['giver', 'taker', 'giver', 'taker', 'taker', 'giver']) {
    const before = right;
    await until(() => right > before + 5, 30_000);
    await kill(victim);
  }
  lending = false;
  await Promise.all(lanes);
  // None of them died of what it found in a slot: the deaths are those of the axe.
  expect(restarted).toBe(6);
}, 60_000);
