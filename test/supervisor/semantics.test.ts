import { afterEach, expect, test } from 'vitest';
import { ActorError } from '../../src/supervisor/contract/actor-error.ts';
import { sleep } from '../../src/supervisor/contract/clock.ts';
import { conversation, type Listen, type Talkers } from './semantics-kit.ts';

// SEMANTICS.md, sentence by sentence: order, delivery, turns, bounds.

let end: (() => Promise<unknown>) | null = null;
async function talk(parts: Talkers = {}, seed = 1) {
  const made = await conversation(parts, seed);
  end = () => made.settle(made.supervisor.stop());
  return made;
}
afterEach(async () => {
  await end?.();
  end = null;
});

test('S1. Messages over one link are handled in the order in which they were sent, whatever their kinds.', async () => {
  const heard: string[] = [];
  const { listener, settle } = await talk({
    listener: () => ({
      hear: (n) => void heard.push(`tell ${n}`),
      answer: (n) => heard.push(`ask ${n}`),
      async *items(n) {
        heard.push(`stream ${n}`);
        yield n;
      },
    }),
  });
  listener.tell('hear', 1);
  const asked = listener.ask('answer', 2);
  const streamed = listener.stream('items', 3).next();
  listener.tell('hear', 4);
  await settle(Promise.all([asked, streamed, listener.ask('answer', 5)]));
  expect(heard).toEqual(['tell 1', 'ask 2', 'stream 3', 'tell 4', 'ask 5']);
});

test('S2. Messages that took different links have no order among them.', async () => {
  const orders = new Set<string>();
  for (let seed = 1; seed <= 40 && orders.size < 2; seed++) {
    const heard: number[] = [];
    const tells = async (
      n: number,
      { listener }: { listener: { tell(name: 'hear', n: number): boolean } },
    ) => {
      listener.tell('hear', n);
      return n;
    };
    const { one, two, world, settle } = await talk(
      { listener: () => ({ hear: (n) => void heard.push(n) }), one: tells, two: tells },
      seed,
    );
    // The second is sent when the first has been sent for certain.
    await settle(one.ask('talk', 1));
    await settle(two.ask('talk', 2));
    await world.runFor(200);
    orders.add(heard.join());
    await end?.();
  }
  expect([...orders].sort()).toEqual(['1,2', '2,1']);
});

test('S3. A message sent to one life is never handled by the next.', async () => {
  const heard: string[] = [];
  const { listener, life, world, settle, restarted } = await talk({
    listener: ({ epoch }) => ({ hear: (n) => void heard.push(`${epoch}:${n}`) }),
  });
  life('listener').hang();
  for (let n = 0; n < 5; n++) expect(listener.tell('hear', n)).toBe(true);
  await world.runUntil(() => restarted.length === 1, 60_000);
  listener.tell('hear', 9);
  await settle(listener.ask('answer', 0));
  expect(heard).toEqual(['2:9']);
});

test('S4. The kernel sends nothing twice.', async () => {
  const seen = new Map<string, number>();
  const { listener, life, world, settle, code, restarted } = await talk({
    listener: ({ clock, epoch }) => ({
      answer: async (n) => {
        seen.set(`ask ${n}`, (seen.get(`ask ${n}`) ?? 0) + 1);
        await sleep(clock, 500);
        return epoch;
      },
      hear: (n) => void seen.set(`tell ${n}`, (seen.get(`tell ${n}`) ?? 0) + 1),
    }),
  });
  const asked = [1, 2, 3].map((n) => code(listener.ask('answer', n)));
  listener.tell('hear', 1);
  await world.runFor(200);
  life('listener').crash(new Error('a bug'));
  expect(await Promise.all(asked)).toEqual(['E_ACTOR_DOWN', 'E_ACTOR_DOWN', 'E_ACTOR_DOWN']);
  await world.runUntil(() => restarted.length === 1, 60_000);
  expect(await settle(listener.ask('answer', 4))).toBe(2);
  expect([...seen]).toEqual(
    [
      ['ask 1', 1],
      ['ask 2', 1],
      ['ask 3', 1],
      ['tell 1', 1],
      ['ask 4', 1],
    ].filter(([name]) => seen.has(name as string)),
  );
  expect(new Set(seen.values())).toEqual(new Set([1]));
});

test('S5. Every ask settles: by its reply, by its error, by its deadline, by its signal, or by the death of the other side.', async () => {
  const { listener, code, life, world } = await talk({
    listener: ({ clock }) => ({
      answer: async (n) => {
        if (n === 1) return n;
        if (n === 2) throw new ActorError('E_REFUSED', 'no');
        // Deaf on purpose: it is the kernel that settles the others.
        await sleep(clock, 1e9);
        return n;
      },
    }),
  });
  const abort = new AbortController();
  const codes = [
    code(listener.ask('answer', 1)),
    code(listener.ask('answer', 2)),
    code(listener.ask('answer', 3, { deadlineMs: 100 })),
    code(listener.ask('answer', 4, { signal: abort.signal })),
    code(listener.ask('answer', 5, { deadlineMs: Number.POSITIVE_INFINITY })),
  ];
  await world.runFor(300);
  abort.abort();
  life('listener').exit({});
  expect(await Promise.all(codes)).toEqual([
    'resolved',
    'E_REFUSED',
    'E_TIMEOUT',
    'E_ABORTED',
    'E_ACTOR_DOWN',
  ]);
});

test('S6. `E_TIMEOUT` does not mean that the work was not done.', async () => {
  let done = 0;
  const { listener, code, world } = await talk({
    listener: ({ clock }) => ({
      answer: async (n) => {
        await sleep(clock, 200);
        done++;
        return n;
      },
    }),
  });
  expect(await code(listener.ask('answer', 1, { deadlineMs: 100 }))).toBe('E_TIMEOUT');
  await world.runFor(1_000);
  expect(done).toBe(1);
});

test('S7. A tell that returned true is handled unless one of both sides dies or the link breaks first; one that returned false was not sent.', async () => {
  const heard: number[] = [];
  const { listener, settle, world } = await talk({
    listener: ({ clock }) => ({
      hear: async (n) => {
        heard.push(n);
        await sleep(clock, 10);
      },
    }),
  });
  const accepted: number[] = [];
  for (let n = 0; n < 50; n++) if (listener.tell('hear', n)) accepted.push(n);
  await settle(listener.ready());
  await world.runFor(1_000);
  expect(heard).toEqual(accepted);
  expect(accepted.length).toBeLessThan(50);
});

test('S8. Items of a stream arrive in order, and the producer runs at most a window and one item ahead of its consumer.', async () => {
  let produced = 0;
  const { listener, settle, world } = await talk({
    listener: () => ({
      async *items(to) {
        for (let n = 0; n < to; n++) {
          produced++;
          yield n;
        }
      },
    }),
  });
  const items = listener.stream('items', 40);
  for (let n = 0; n < 40; n++) {
    expect((await settle(items.next())).value).toBe(n);
    await world.runFor(100);
    // The window of four, and the one that waits at the gate.
    expect(produced).toBeLessThanOrEqual(n + 1 + 4 + 1);
  }
  expect((await settle(items.next())).done).toBe(true);
});

test('S9. Leaving a stream runs the `finally` of its producer.', async () => {
  let finished = 0;
  const { listener, settle, world } = await talk({
    listener: () => ({
      async *items() {
        try {
          for (let n = 0; ; n++) yield n;
        } finally {
          finished++;
        }
      },
    }),
  });
  const leave = async () => {
    for await (const n of listener.stream('items', 0)) if (n === 7) return;
  };
  await settle(leave());
  await world.runFor(100);
  expect(finished).toBe(1);
});

test('S10. A call that its caller gave up is cancelled on the other side, by the signal of the call.', async () => {
  const reasons: string[] = [];
  const { listener, code, world } = await talk({
    listener: ({ clock }) => ({
      answer: async (n, call) => {
        await sleep(clock, 60_000, call.signal).catch((error) => {
          reasons.push(error.code);
          throw error;
        });
        return n;
      },
    }),
  });
  const abort = new AbortController();
  const aborted = code(listener.ask('answer', 1, { signal: abort.signal }));
  const late = code(listener.ask('answer', 2, { deadlineMs: 50 }));
  await world.runFor(200);
  abort.abort();
  expect(await Promise.all([aborted, late])).toEqual(['E_ABORTED', 'E_TIMEOUT']);
  await world.runFor(200);
  expect(reasons).toEqual(['E_ABORTED', 'E_ABORTED']);
});

test('S11. Deadlines fire at most 20 ms late on an idle thread, and never early.', async () => {
  const { listener, code, world } = await talk({
    listener: () => ({ answer: () => new Promise<number>(() => {}) }),
  });
  for (const ms of [1, 19, 20, 21, 137, 1_000]) {
    const from = world.now();
    expect(await code(listener.ask('answer', 1, { deadlineMs: ms }))).toBe('E_TIMEOUT');
    expect(world.now() - from).toBeGreaterThanOrEqual(ms);
    expect(world.now() - from).toBeLessThanOrEqual(ms + 20);
  }
});

const steps =
  (story: string[]): Listen =>
  ({ clock }) => ({
    answer: async (n) => {
      story.push(`${n}a`, `${n}b`);
      await sleep(clock, 10);
      story.push(`${n}c`, `${n}d`);
      return n;
    },
    items: (n) => {
      story.push(`open ${n}`);
      return (async function* () {
        yield n;
      })();
    },
  });

test('S12. Turns of one actor interleave at awaits and nowhere else.', async () => {
  const story: string[] = [];
  const { listener, settle } = await talk({ listener: steps(story) });
  await settle(Promise.all([1, 2].map((n) => listener.ask('answer', n))));
  expect(story).toEqual(['1a', '1b', '2a', '2b', '1c', '1d', '2c', '2d']);
});

test('S13. Turns of a `serial` actor do not interleave at all.', async () => {
  const story: string[] = [];
  const { serial, settle } = await talk({ serial: steps(story) });
  const first = serial.ask('answer', 1);
  // A stream is opened in its turn.
  const streamed = serial.stream('items', 3).next();
  await settle(Promise.all([first, streamed, serial.ask('answer', 2)]));
  expect(story).toEqual(['1a', '1b', '1c', '1d', 'open 3', '2a', '2b', '2c', '2d']);
});

test('S14. An answer that a turn holds leaves when what it waits for is there, and fails when that fails; the next turn does not wait for it.', async () => {
  const story: string[] = [];
  const { serial, settle } = await talk({
    serial: ({ clock }) => ({
      answer: (n, call) => {
        story.push(`turn ${n}`);
        const written = sleep(clock, 10).then(() => {
          story.push(`written ${n}`);
          if (n === 3) throw new ActorError('E_IO', 'the disk is gone');
        });
        call.hold!(written);
        return n;
      },
    }),
  });
  const asked = [1, 2, 3].map((n) =>
    serial.ask('answer', n).then(
      (got) => story.push(`answer ${got}`),
      (error: ActorError) => story.push(error.code),
    ),
  );
  await settle(Promise.all(asked));
  expect(story.slice(0, 3)).toEqual(['turn 1', 'turn 2', 'turn 3']);
  expect(story.slice(3, 6)).toEqual(['written 1', 'written 2', 'written 3']);
  expect(story.slice(6)).toEqual(['answer 1', 'answer 2', 'E_IO']);
});

const slow: Listen = ({ clock }) => ({
  hear: () => sleep(clock, 1_000),
  answer: async (n) => {
    await sleep(clock, 1_000);
    return n;
  },
});

test('S15. A link bears its share of the target’s mailbox and no more: beyond it a tell returns false and an ask rejects with `E_BUSY`.', async () => {
  const { listener, code } = await talk({ listener: slow });
  // 24 places, two users and the main thread.
  const told = Array.from({ length: 12 }, (_, n) => listener.tell('hear', n));
  expect(told).toEqual([...Array(8).fill(true), ...Array(4).fill(false)]);
  const asked = await Promise.all(Array.from({ length: 12 }, (_, n) => code(listener.ask('answer', n))));
  expect(asked).toEqual([...Array(8).fill('resolved'), ...Array(4).fill('E_BUSY')]);
});

test('S16. No user of an actor can use up the share of another.', async () => {
  const flood = async (n: number, { listener }: { listener: { tell(name: 'hear', n: number): boolean } }) => {
    let accepted = 0;
    for (let i = 0; i < 100; i++) if (listener.tell('hear', i)) accepted++;
    return accepted + n;
  };
  const { listener, one, two, settle } = await talk({ listener: slow, one: flood, two: flood });
  expect(await settle(Promise.all([one.ask('talk', 0), two.ask('talk', 0)]))).toEqual([8, 8]);
  expect(listener.tell('hear', 1)).toBe(true);
});

test('S17. Credit starts anew with each life.', async () => {
  const { listener, life, world, restarted } = await talk({ listener: slow });
  for (let n = 0; n < 3; n++) listener.tell('hear', n);
  life('listener').crash(new Error('a bug'));
  await world.runUntil(() => restarted.length === 1, 60_000);
  expect(Array.from({ length: 9 }, () => listener.tell('hear', 1))).toEqual([...Array(8).fill(true), false]);
});

test('S18. Of tells that are declared `latest`, the newest waits for credit in the place of those before it.', async () => {
  const levels: number[] = [];
  const { listener, settle, world } = await talk({
    listener: (context) => ({ ...slow(context), level: (n) => void levels.push(n) }),
  });
  for (let n = 0; n < 100 && listener.tell('hear', n); n++);
  for (let n = 1; n <= 30; n++) expect(listener.tell('level', n)).toBe(true);
  await settle(listener.ready());
  await world.runFor(100);
  expect(levels).toEqual([30]);
});
