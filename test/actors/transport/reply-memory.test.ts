import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ReplyHolder, ReplyMemory } from '../../../src/actors/transport/reply-memory.ts';

class Holder implements ReplyHolder {
  held = 0;
  wants = 0;
  readonly #memory: ReplyMemory;
  readonly #size: number;

  constructor(memory: ReplyMemory, size: number) {
    this.#memory = memory;
    this.#size = size;
  }

  ask(): void {
    this.wants++;
    this.room();
  }

  /** As a session does: takes what it may, waits for the rest. */
  room(): void {
    while (this.wants > 0 && !this.#memory.full) {
      this.wants--;
      this.held += this.#size;
      this.#memory.holds(this, this.held);
    }
    if (this.wants > 0) this.#memory.wait(this);
  }

  sent(): void {
    if (this.held === 0) return;
    this.held -= this.#size;
    this.#memory.holds(this, this.held);
  }
}

test('first come, first served, once there is room', () => {
  const memory = new ReplyMemory(100);
  const order: string[] = [];
  const holder = (name: string): ReplyHolder => ({ room: () => order.push(name) });
  const [a, b, c] = [holder('a'), holder('b'), holder('c')];
  memory.holds(a, 60);
  expect([memory.short, memory.full]).toEqual([true, false]);
  memory.holds(b, 40);
  expect(memory.full).toBe(true);
  memory.wait(c);
  memory.wait(a);
  memory.wait(c);
  expect(order).toEqual([]);
  memory.holds(b, 39);
  expect(order).toEqual(['c', 'a']);
  memory.holds(b, 0);
  memory.leave(a);
  expect([order.length, memory.total, memory.short]).toEqual([2, 0, false]);
});

test('who is woken and takes the room leaves none for the next', () => {
  const memory = new ReplyMemory(100);
  const [a, b, c] = [new Holder(memory, 100), new Holder(memory, 100), new Holder(memory, 100)];
  for (const holder of [a, b, c]) holder.ask();
  expect([a.held, b.held, c.held]).toEqual([100, 0, 0]);
  a.sent();
  expect([b.held, c.held]).toEqual([100, 0]);
  // One that leaves while it waits is not woken, and what it held is free.
  memory.leave(c);
  b.sent();
  expect([c.held, memory.total]).toEqual([0, 0]);
});

test('when the process is short of memory an eighth is left, and later all of it again', () => {
  const memory = new ReplyMemory(800);
  const [a, b] = [new Holder(memory, 100), new Holder(memory, 100)];
  a.ask();
  a.ask();
  memory.tighten(true);
  expect([memory.full, memory.total]).toEqual([true, 200]);
  b.ask();
  a.sent();
  expect(b.held).toBe(0);
  a.sent();
  expect([a.held, b.held]).toEqual([0, 100]);
  a.ask();
  expect(a.held).toBe(0);
  memory.tighten(false);
  expect([a.held, memory.full]).toEqual([100, false]);
});

test('the total is what all hold, never above the limit by more than one reply, and nobody waits beside free room', () => {
  const step = fc.tuple(fc.nat(5), fc.constantFrom('ask', 'sent', 'leave'));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const memory = new ReplyMemory(50);
      const holders = [3, 7, 11, 20, 30, 50].map((size) => new Holder(memory, size));
      for (const [index, kind] of steps) {
        const holder = holders[index]!;
        if (kind === 'ask') holder.ask();
        else if (kind === 'sent') holder.sent();
        else {
          holder.held = 0;
          holder.wants = 0;
          memory.leave(holder);
        }
        expect(memory.total).toBe(holders.reduce((sum, { held }) => sum + held, 0));
        expect(memory.total).toBeLessThan(50 + 50);
        if (!memory.full) expect(holders.every(({ wants }) => wants === 0)).toBe(true);
      }
    }),
  );
});
