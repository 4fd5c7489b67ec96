import { expect, test } from 'vitest';
import { type Contract, configOf, defineContract } from '../../../src/supervisor/contract/contract.ts';
import { LifeSlab } from '../../../src/supervisor/memory/life-slab.ts';
import { SlabKeeper } from '../../../src/supervisor/memory/slab-keeper.ts';
import type { ActorBirth } from '../../../src/supervisor/runtime/control.ts';
import { Child } from '../../../src/supervisor/tree/child.ts';
import type { LifeEvents, Placement } from '../../../src/supervisor/tree/placement.ts';

// A thread inside a native call does not end when it is cut. It is given up, replaced, and may end long after.
test('the late end of a life that was replaced is not the end of its successor, and frees no slots but its own', () => {
  const lives: { birth: ActorBirth; events: LifeEvents; sent: string[] }[] = [];
  const placement: Placement = {
    ahead: false,
    channel: () => {
      throw new Error('no links here');
    },
    spawn: (birth, _, events) => {
      const sent: string[] = [];
      lives.push({ birth, events, sent });
      return {
        threadId: lives.length,
        send: (message) => void sent.push(message.type),
        terminate() {},
        loop: () => ({ idle: 0, active: 0 }),
        memory: async () => 0,
      };
    },
  };
  const contract = defineContract({ name: 'stuck', config: configOf<object>(), messages: {} });
  const url = new URL('world:stuck');
  const child = new Child({ contract: contract as unknown as Contract, module: url, config: {} }, 0);
  const slab = new SlabKeeper({ slots: 2, slotBytes: 64 });
  const ended: number[] = [];
  const begin = () =>
    child.spawn(
      { placement, uses: [], contracts: url, logLevel: 'silent', slab },
      { report() {}, exited: () => void ended.push(child.epoch) },
    );

  begin();
  const [old] = lives;
  expect(new LifeSlab(old!.birth.slab).claim()).not.toBeNull();
  begin();
  expect(new LifeSlab(lives[1]!.birth.slab).claim()).not.toBeNull();
  // What the old thread may still write to is not given to anybody.
  expect(slab.status().free).toBe(0);
  old!.events.exited({ code: 1, outOfMemory: false, error: null });
  expect(ended).toEqual([]);
  expect(slab.status().free).toBe(1);
  child.send({ type: 'start' });
  expect(lives[1]!.sent).toEqual(['start']);
  lives[1]!.events.exited({ code: 1, outOfMemory: false, error: null });
  expect(ended).toEqual([2]);
  expect(slab.status().free).toBe(2);
});
