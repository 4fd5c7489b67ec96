import { expect, test } from 'vitest';
import { type Contract, configOf, defineContract } from '../../../src/supervisor/contract/contract.ts';
import { SlabKeeper } from '../../../src/supervisor/memory/slab-keeper.ts';
import { Child } from '../../../src/supervisor/tree/child.ts';
import type { LifeEvents, Placement } from '../../../src/supervisor/tree/placement.ts';

/** A child, and its lives as their place saw them. */
function childOf() {
  const lives: { events: LifeEvents; sent: string[]; cut: boolean }[] = [];
  const placement: Placement = {
    ahead: true,
    channel: () => {
      throw new Error('no links here');
    },
    spawn: (_, __, events) => {
      const life = { events, sent: [] as string[], cut: false };
      lives.push(life);
      return {
        threadId: lives.length,
        send: (message) => void life.sent.push(message.type),
        terminate: () => {
          life.cut = true;
        },
        loop: () => ({ idle: 0, active: 0 }),
        memory: async () => 0,
      };
    },
  };
  const contract = defineContract({ name: 'one', config: configOf<object>(), messages: {} });
  const url = new URL('world:one');
  const child = new Child({ contract: contract as unknown as Contract, module: url, config: {} }, 0);
  const slab = new SlabKeeper({ slots: 0, slotBytes: 64 });
  const options = { placement, uses: [], contracts: url, logLevel: 'silent', slab } as const;
  const ended: string[] = [];
  const spawn = () => child.spawn(options, { report() {}, exited: ({ cause }) => void ended.push(cause) });
  return { child, lives, ended, spawn, prepare: () => child.prepare(options) };
}
const END = { code: 1, outOfMemory: false, error: null };

test('a life that was loaded ahead is the first one; the next is loaded when its turn comes', () => {
  const { child, lives, ended, spawn, prepare } = childOf();
  prepare();
  expect([lives.length, child.state]).toEqual([1, 'idle']);
  spawn();
  child.send({ type: 'start' });
  expect([lives.length, child.epoch, lives[0]!.sent]).toEqual([1, 1, ['start']]);
  lives[0]!.events.exited(END);
  expect(ended).toHaveLength(1);
  prepare();
  expect(lives).toHaveLength(1);
  spawn();
  expect([lives.length, child.epoch]).toEqual([2, 2]);
});

test('one that ends before its turn is told nobody, and another takes its place', () => {
  const { child, lives, ended, spawn, prepare } = childOf();
  prepare();
  lives[0]!.events.exited(END);
  expect(ended).toEqual([]);
  spawn();
  expect([lives.length, child.epoch, child.state]).toEqual([2, 2, 'starting']);
});

test('one whose turn never comes is cut', () => {
  const { child, lives, prepare } = childOf();
  prepare();
  child.discard();
  expect(lives[0]!.cut).toBe(true);
  const started = childOf();
  started.prepare();
  started.spawn();
  started.child.discard();
  expect(started.lives[0]!.cut).toBe(false);
});
