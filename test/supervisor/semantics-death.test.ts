import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { ActorError } from '../../src/supervisor/contract/actor-error.ts';
import { sleep, systemClock } from '../../src/supervisor/contract/clock.ts';
import { connectOverSocket, serveOverSocket } from '../../src/supervisor/runtime/socket-conversation.ts';
import { conversation, listenerContract, type Talkers } from './semantics-kit.ts';
import { VirtualTree } from './tree/virtual-tree.ts';

// SEMANTICS.md, sentence by sentence: errors, death, supervision, stop, sockets.

let end: (() => Promise<unknown>) | null = null;
async function talk(parts: Talkers = {}) {
  const made = await conversation(parts);
  end = () => made.settle(made.supervisor.stop());
  return made;
}
afterEach(async () => {
  await end?.();
  end = null;
});

test('S19. An `ActorError` thrown by a handler is an answer: it reaches its caller with code, words, subject, next step and causes, and the actor lives on.', async () => {
  const { listener, settle, restarted } = await talk({
    listener: () => ({
      answer: (n) => {
        if (n > 0) return n;
        const cause = new RangeError('below zero');
        throw new ActorError('E_REFUSED', 'no', {
          subject: 'n',
          next: 'ask for more',
          retryable: true,
          cause,
        });
      },
    }),
  });
  const error = await settle(listener.ask('answer', -1).catch((thrown: ActorError) => thrown));
  expect(error).toBeInstanceOf(ActorError);
  expect(error).toMatchObject({
    code: 'E_REFUSED',
    message: 'no',
    subject: 'n',
    next: 'ask for more',
    retryable: true,
    cause: { code: 'RangeError', message: 'below zero' },
  });
  expect(await settle(listener.ask('answer', 1))).toBe(1);
  expect(restarted).toEqual([]);
});

test('S20. Anything else that a handler throws is a bug, and ends the life of its actor.', async () => {
  const bug = () => {
    throw new TypeError('a bug');
  };
  const { listener, code, world, restarted } = await talk({
    listener: () => ({ hear: bug, answer: bug, items: bug as never }),
  });
  const back = (count: number) => world.runUntil(() => restarted.length === count, 60_000);
  expect(await code(listener.ask('answer', 1))).toBe('E_ACTOR_CRASHED');
  await back(1);
  listener.tell('hear', 1);
  await back(2);
  expect(await code(listener.stream('items', 1).next())).toBe('E_ACTOR_CRASHED');
  await back(3);
  expect(restarted).toEqual(['listener: crash', 'listener: crash', 'listener: crash']);
});

test('S21. Whatever is pending toward an actor that dies rejects with `E_ACTOR_DOWN`.', async () => {
  const { listener, code, life, world } = await talk({
    listener: ({ clock }) => ({
      hear: () => sleep(clock, 1e9),
      answer: () => new Promise<number>(() => {}),
      async *items() {
        await new Promise(() => {});
        yield 1;
      },
    }),
  });
  while (listener.tell('hear', 1));
  const pending = [listener.ask('answer', 1), listener.stream('items', 1).next(), listener.ready()].map(code);
  await world.runFor(100);
  life('listener').exit({});
  expect(await Promise.all(pending)).toEqual(['E_ACTOR_DOWN', 'E_ACTOR_DOWN', 'E_ACTOR_DOWN']);
});

test('S22. Between two lives a call fails at once, and afterwards the same ref reaches the next life.', async () => {
  const { listener, code, life, world, settle, supervisor } = await talk({
    listener: ({ epoch }) => ({ answer: () => epoch }),
  });
  life('listener').exit({});
  await world.runUntil(() => supervisor.status()[0]!.state !== 'up', 1_000);
  const from = world.now();
  expect(await code(listener.ask('answer', 1))).toBe('E_ACTOR_DOWN');
  expect(listener.tell('hear', 1)).toBe(false);
  expect(await code(listener.stream('items', 1).next())).toBe('E_ACTOR_DOWN');
  expect(await code(listener.ready())).toBe('E_ACTOR_DOWN');
  expect(world.now()).toBe(from);
  await world.runUntil(() => supervisor.status()[0]!.state === 'up', 60_000);
  expect(await settle(listener.ask('answer', 1))).toBe(2);
});

test('S23. `onDown` is called once for each death, with the epoch that died.', async () => {
  const died: number[] = [];
  const { listener, life, world, restarted } = await talk();
  const remove = listener.onDown((epoch) => died.push(epoch));
  for (let n = 1; n <= 2; n++) {
    life('listener').exit({});
    await world.runUntil(() => restarted.length === n, 60_000);
  }
  expect(died).toEqual([1, 2]);
  remove();
  life('listener').exit({});
  await world.runUntil(() => restarted.length === 3, 60_000);
  expect(died).toEqual([1, 2]);
});

test('S24. What an actor had asked for is cancelled when it dies.', async () => {
  const cancelled: string[] = [];
  const { one, code, life, world } = await talk({
    listener: ({ clock }) => ({
      answer: async (n, call) => {
        await sleep(clock, 60_000, call.signal).finally(() => cancelled.push('ask'));
        return n;
      },
      async *items(_, call) {
        try {
          await sleep(clock, 60_000, call.signal);
          yield 1;
        } finally {
          cancelled.push('stream');
        }
      },
    }),
    one: async (_, { listener }) => {
      await Promise.all([listener.ask('answer', 1), listener.stream('items', 1).next()]);
      return 0;
    },
  });
  const asked = code(one.ask('talk', 1));
  await world.runFor(200);
  life('one').exit({});
  expect(await asked).toBe('E_ACTOR_DOWN');
  await world.runFor(200);
  expect(cancelled.sort()).toEqual(['ask', 'stream']);
});

test('S25. Nothing of a life reaches the next one but what it wrote elsewhere.', async () => {
  const elsewhere: number[] = [];
  const { listener, code, life, supervisor, world, settle, restarted } = await talk({
    listener: () => {
      let sum = 0;
      return {
        hear: (n) => {
          sum += n;
          elsewhere.push(n);
        },
        answer: (n) => (n === 0 ? sum : new Promise<number>(() => {})),
      };
    },
  });
  const mailbox = () => supervisor.status().find(({ name }) => name === 'listener')!.mailbox;
  listener.tell('hear', 5);
  expect(await settle(listener.ask('answer', 0))).toBe(5);
  const pending = code(listener.ask('answer', 1));
  await world.runFor(10);
  expect(mailbox()).toBe(1);
  life('listener').crash(new Error('a bug'));
  await world.runUntil(() => restarted.length === 1, 60_000);
  expect(await pending).toBe('E_ACTOR_DOWN');
  expect(await settle(listener.ask('answer', 0))).toBe(0);
  expect(elsewhere).toEqual([5]);
  expect(mailbox()).toBe(0);
});

test('S26. A link that breaks while both lives go on is made anew.', async () => {
  const { listener, one, code, channels, world, settle, restarted } = await talk({
    listener: () => ({ answer: (n) => (n === 0 ? new Promise<number>(() => {}) : n) }),
    one: (n, { listener }) => listener.ask('answer', n, { deadlineMs: Number.POSITIVE_INFINITY }),
  });
  await world.runFor(100);
  const pending = [code(listener.ask('answer', 0, { deadlineMs: 1e9 })), code(one.ask('talk', 0))];
  await world.runFor(100);
  for (const channel of [...channels]) channel.close();
  expect(await Promise.all(pending)).toEqual(['E_ACTOR_DOWN', 'E_ACTOR_DOWN']);
  await world.runFor(1_000);
  expect(await settle(listener.ask('answer', 3))).toBe(3);
  expect(await settle(one.ask('talk', 4))).toBe(4);
  expect(restarted).toEqual([]);
});

const abc = () =>
  new VirtualTree((tree) =>
    tree.branch('root', 'one_for_one', [tree.actor('a'), tree.actor('b'), tree.actor('c')]),
  );
async function grown() {
  const tree = abc();
  await tree.settle(tree.supervisor.start());
  end = () => tree.settle(tree.supervisor.stop());
  return tree;
}

test('S27. Children start left to right and stop right to left.', async () => {
  const tree = await grown();
  await tree.settle(tree.supervisor.stop());
  expect(tree.takeStory()).toBe('+a +b +c -c -b -a');
});

test('S28. A restart is counted before it is tried.', async () => {
  const tree = await grown();
  tree.parts.b!.failStarts = 1;
  tree.crash('b');
  expect(await tree.back()).toEqual(['b: crash']);
  // One for the death, one for the start that failed.
  expect(tree.supervisor.tree().recent).toBe(2);
});

test('S29. A supervisor whose children die too often stops them and dies of it; the death of the root is the orderly stop of the tree.', async () => {
  const tree = new VirtualTree((tree) =>
    tree.branch(
      'root',
      'one_for_one',
      [
        tree.branch('inner', 'one_for_one', [tree.actor('a'), tree.actor('b')], {
          intensity: 0,
          periodMs: 60_000,
        }),
        tree.actor('c'),
      ],
      { intensity: 1, periodMs: 60_000 },
    ),
  );
  await tree.settle(tree.supervisor.start());
  tree.takeStory();
  tree.crash('a');
  expect(await tree.back()).toEqual(['a: crash', 'b: with a']);
  expect(tree.takeStory()).toBe('-b +a +b');
  tree.crash('b');
  await tree.world.runUntil(() => tree.gaveUp !== null, 60_000);
  expect(await tree.settle(tree.supervisor.stop())).toMatchObject({ clean: true });
  expect(tree.takeStory()).toBe('-a -c');
});

test('S30. A loop that does not turn for longer than its contract allows is cut and replaced.', async () => {
  const tree = await grown();
  await tree.world.runFor(1_000);
  tree.life('b').hang();
  expect(await tree.back()).toEqual(['b: hung']);
});

test('S31. A machine that slept restarts nothing.', async () => {
  const tree = await grown();
  for (const ms of [1_200, 40_000, 86_400_000]) {
    tree.world.suspend(ms);
    await tree.world.runFor(10_000);
  }
  expect(tree.restarted).toEqual([]);
});

test('S32. What runs gets a time to finish, then it is cancelled.', async () => {
  const reasons: string[] = [];
  const { listener, code, supervisor, settle, world } = await talk({
    listener: ({ clock }) => ({
      answer: async (n, call) => {
        await sleep(clock, n, call.signal).catch((error) => {
          reasons.push(error.code);
          throw error;
        });
        return n;
      },
    }),
  });
  const [short, long] = [code(listener.ask('answer', 500)), code(listener.ask('answer', 3_000))];
  await world.runFor(100);
  const stopped = settle(supervisor.stop());
  expect(await Promise.all([short, long])).toEqual(['resolved', 'E_ACTOR_DOWN']);
  await stopped;
  expect(reasons).toEqual(['E_ABORTED']);
});

test('S33. An actor that does not stop in its time is cut, and the report names it.', async () => {
  const tree = await grown();
  tree.parts.b = { hangStop: true };
  tree.crash('b');
  await tree.back();
  const from = tree.world.now();
  expect(await tree.settle(tree.supervisor.stop())).toMatchObject({ clean: false, cut: ['b'] });
  expect(tree.world.now() - from).toBeGreaterThan(1_000);
  expect(tree.world.now() - from).toBeLessThan(1_300);
});

test('S34. A full mailbox does not delay a stop.', async () => {
  const { listener, supervisor, settle, world } = await talk({
    listener: ({ clock }) => ({ hear: () => sleep(clock, 1e9) }),
  });
  while (listener.tell('hear', 1));
  await world.runFor(100);
  const from = world.now();
  expect(await settle(supervisor.stop())).toMatchObject({ clean: true });
  // The time that running work gets, and not more.
  expect(world.now() - from).toBeLessThan(1_300);
});

async function overSocket() {
  const heard: number[] = [];
  const crashes: unknown[] = [];
  const server = createServer((socket) => {
    const handlers = {
      hear: (n: number) => void heard.push(n),
      level: () => {},
      answer: (n: number) => n,
      slot: () => null,
      async *items(to: number) {
        for (let n = 0; n < to; n++) yield n;
      },
    };
    serveOverSocket(listenerContract, handlers, socket, {
      clock: systemClock,
      budget: 8,
      crash: (error) => crashes.push(error),
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const ref = await connectOverSocket(listenerContract, connect(port, '127.0.0.1'), systemClock);
  end = async () => {
    ref.close();
    server.close();
  };
  return { ref, heard, crashes };
}

test('S35. Over a socket a conversation means what it means over a port.', async () => {
  const { ref, heard, crashes } = await overSocket();
  expect([ref.tell('hear', 1), ref.tell('hear', 2)]).toEqual([true, true]);
  expect(await ref.ask('answer', 7)).toBe(7);
  const items: number[] = [];
  for await (const n of ref.stream('items', 20)) items.push(n);
  expect(items).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(heard).toEqual([1, 2]);
  const pending = ref.ask('answer', 8);
  const down: number[] = [];
  ref.onDown((epoch) => down.push(epoch));
  ref.close();
  await expect(pending).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
  expect(down).toEqual([1]);
  expect(crashes).toEqual([]);
});

test('S36. What a socket cannot carry is refused where it is sent.', async () => {
  const { ref, crashes } = await overSocket();
  for (const value of [new Map(), new Date(0), () => {}, new Error('x')]) {
    await expect(ref.ask('answer', value as never)).rejects.toThrow(TypeError);
    expect(() => ref.tell('hear', value as never)).toThrow(TypeError);
  }
  expect(await ref.ask('answer', 1)).toBe(1);
  expect(crashes).toEqual([]);
});
