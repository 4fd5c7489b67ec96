import { afterEach, expect, test } from 'vitest';
import { sleep } from '../../src/supervisor/contract/clock.ts';
import type { Slab, SlotHandle } from '../../src/supervisor/contract/slab.ts';
import { conversation, type Talkers } from './semantics-kit.ts';

// SEMANTICS.md, sentence by sentence: the slab.

let end: (() => Promise<unknown>) | null = null;
async function talk(parts: Talkers = {}) {
  const made = await conversation(parts);
  end = async () => {
    await made.settle(made.supervisor.stop());
    expect(made.supervisor.slab()).toMatchObject({ slots: 4, free: 4, underWay: 0 });
  };
  return made;
}
afterEach(async () => {
  await end?.();
  end = null;
});

/** Claims a slot, writes into it, and lets the listener have it. */
const give: NonNullable<Talkers['one']> = async (n, { listener }, signal, slab) => {
  const mine = slab.claim()!;
  slab.bytes(mine)!.fill(n);
  const back = await listener.ask('slot', slab.handOver(mine, listener), { signal });
  const again = back && slab.adopt(back);
  const sum = again ? slab.bytes(again)!.reduce((a, b) => a + b) : -1;
  if (again) slab.release(again);
  return sum;
};

test('S37. A slot of the slab has one owner at a time, the life that claimed or adopted it, and nobody else gets at its bytes.', async () => {
  const owners: boolean[][] = [];
  let sender: Slab | null = null;
  const { one, settle } = await talk({
    listener: ({ slab }) => ({
      slot: (sent, call) => {
        const look = (handle: SlotHandle) =>
          void owners.push([sender!, slab].map((each) => each.bytes(handle) !== null));
        look(sent!);
        const mine = slab.adopt(sent!)!;
        look(mine);
        slab.bytes(mine)!.fill(2);
        const back = slab.handOver(mine, call)!;
        look(back);
        return back;
      },
    }),
    one: (n, refs, signal, slab) => {
      sender = slab;
      return give(n, refs, signal, slab);
    },
  });
  expect(await settle(one.ask('talk', 1))).toBe(2 * 64);
  expect(owners).toEqual([
    [false, false],
    [false, true],
    [false, false],
  ]);
});

test('S38. A slot that was handed over belongs to whichever of both sides adopts it first.', async () => {
  for (const senderFirst of [true, false]) {
    const got: boolean[] = [];
    const { one, settle } = await talk({
      listener: ({ slab, clock }) => ({
        slot: async (sent) => {
          if (senderFirst) await sleep(clock, 100);
          got.push(slab.adopt(sent!) !== null);
          return null;
        },
      }),
      one: async (n, { listener }, _, slab) => {
        const sent = slab.handOver(slab.claim()!, listener)!;
        const asked = listener.ask('slot', sent);
        if (!senderFirst) await asked;
        got.push(slab.adopt(sent) !== null);
        await asked;
        return n;
      },
    });
    await settle(one.ask('talk', 1));
    expect(got).toEqual([true, false]);
    await end?.();
  }
});

test('S39. A handle whose ownership is over is refused as a value.', async () => {
  const { one, settle } = await talk({
    one: async (_, { listener }, __, slab) => {
      const first = slab.claim()!;
      slab.release(first);
      // The same slot, whose bytes the old handle must not reach.
      const others = [0, 1, 2, 3].map(() => slab.claim()!);
      expect(others.map(({ slot }) => slot)).toContain(first.slot);
      const refused = [slab.bytes(first), slab.adopt(first), slab.handOver(first, listener)];
      expect(refused).toEqual([null, null, null]);
      expect(slab.release(first)).toBe(false);
      return others.filter((handle) => slab.release(handle)).length;
    },
  });
  expect(await settle(one.ask('talk', 1))).toBe(4);
});

test('S40. What a life owned, and what was under way to it or from it, is free when its thread has ended, and not before.', async () => {
  const stale: boolean[] = [];
  const { one, life, supervisor, restarted, world, settle } = await talk({
    listener: ({ slab, clock }) => ({
      slot: async (sent) => {
        await sleep(clock, 1_000);
        stale.push(slab.adopt(sent!) === null);
        return null;
      },
    }),
    one: async (n, { listener }, _, slab) => {
      slab.claim();
      listener.ask('slot', slab.handOver(slab.claim()!, listener)).catch(() => {});
      return n;
    },
  });
  await settle(one.ask('talk', 1));
  await world.runFor(100);
  expect(supervisor.slab()).toMatchObject({ free: 2, underWay: 1 });
  // A hung thread may still write.
  life('one').hang();
  await world.runFor(1_500);
  expect(stale).toEqual([false]);
  life('one').exit({});
  expect(supervisor.slab().free).toBe(2);
  await world.runUntil(() => restarted.length === 1, 60_000);
  // One was the listener's by then.
  expect(supervisor.slab()).toMatchObject({ free: 3, underWay: 0 });

  for (const dies of ['one', 'listener']) {
    await settle(one.ask('talk', 1));
    await world.runFor(100);
    expect(supervisor.slab().underWay).toBe(1);
    life(dies).exit({});
    await world.runUntil(() => supervisor.slab().underWay === 0, 60_000);
    await world.runFor(2_000);
  }
  expect(stale).toEqual([false, true]);
});

test('S41. A slot under way is free again when its link breaks, or when the call that it answers is given up.', async () => {
  let sent = 0;
  let came = 0;
  const { one, channels, supervisor, world, settle } = await talk({
    listener: ({ slab, clock }) => ({
      hear: () => sleep(clock, 60_000),
      slot: async (_, call) => {
        await sleep(clock, 50);
        const mine = slab.claim()!;
        const given = slab.handOver(mine, call);
        if (given) sent++;
        else slab.release(mine);
        return given;
      },
    }),
    one: async (n, { listener }, _, slab) => {
      if (n === 0) slab.handOver(slab.claim()!, listener);
      else {
        const got = await listener.ask('slot', null, { deadlineMs: n }).catch(() => null);
        if (got && slab.release(slab.adopt(got)!)) came++;
      }
      return n;
    },
  });
  await settle(one.ask('talk', 0));
  expect(supervisor.slab().underWay).toBe(1);
  for (const channel of channels) channel.close();
  await world.runUntil(() => supervisor.slab().underWay === 0, 5_000);
  expect(supervisor.slab().free).toBe(4);
  // Given up before the answer, after it, and while it is under way.
  for (let n = 0; n < 400; n++) {
    await settle(one.ask('talk', 20 + (n % 60)));
    await world.runFor(200);
    expect(supervisor.slab().free).toBe(4);
  }
  expect(came).toBeGreaterThan(5);
  expect(sent).toBeGreaterThan(came);
});

test('S42. A full slab gives null, and counts it.', async () => {
  const { one, settle, supervisor } = await talk({
    one: async (n, _, __, slab) => Array.from({ length: n }, () => slab.claim()).filter(Boolean).length,
  });
  expect(await settle(one.ask('talk', 6))).toBe(4);
  expect(supervisor.slab()).toEqual({ slots: 4, free: 0, underWay: 0, full: 2 });
});
