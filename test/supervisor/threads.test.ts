import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { twoActors, until } from './two-actors.ts';

describe('actors on worker threads', () => {
  let tree: ReturnType<typeof twoActors>;
  beforeEach(async () => {
    tree = twoActors();
    await tree.supervisor.start();
  });
  afterEach(async () => {
    await tree.supervisor.stop();
  });

  test('an ask is answered, and messages of one link arrive in order', async () => {
    for (let i = 0; i < 8; i++) expect(tree.counter.tell('add', 1)).toBe(true);
    expect(await tree.counter.ask('read', null)).toBe(13);
  });

  test('actors reach each other over links of their own, and the main thread over its service', async () => {
    expect(await tree.relay.ask('readCounter', null)).toBe(5);
    expect(await tree.relay.ask('askMain', null)).toBe('hello relay');
    expect(await tree.counter.ask('life', null)).toEqual({ epoch: 1, member: 0, relayAnswered: 'relay' });
  });

  test('an expected failure crosses with code, subject and next step', async () => {
    await expect(tree.counter.ask('refuse', null)).rejects.toMatchObject({
      name: 'ActorError',
      code: 'E_NOT_TODAY',
      subject: 'counter',
      next: 'come back',
    });
    expect(await tree.counter.ask('read', null)).toBe(5);
  });

  test('a deadline rejects the caller and cancels the work', async () => {
    await expect(tree.counter.ask('wait', { ms: 60_000 }, { deadlineMs: 50 })).rejects.toMatchObject({
      code: 'E_TIMEOUT',
      retryable: true,
    });
    await until(async () => (await tree.counter.ask('cancelled', null)) === 1);
  });

  test('an abort rejects the caller and cancels the work', async () => {
    const abort = new AbortController();
    const call = tree.counter.ask('wait', { ms: 60_000 }, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: 'E_ABORTED' });
    await until(async () => (await tree.counter.ask('cancelled', null)) === 1);
  });

  test('tells stop at the credit, and flow again once it returns', async () => {
    let accepted = 0;
    while (accepted < 100 && tree.counter.tell('slowAdd', { by: 1, ms: 20 })) accepted++;
    // 16 places over two links: the relay's and the main thread's.
    expect(accepted).toBe(8);
    await tree.counter.ready();
    expect(tree.counter.tell('add', 1)).toBe(true);
  });

  test('asks beyond the budget of the link are refused at once', async () => {
    const calls = Array.from({ length: 8 }, () => tree.counter.ask('wait', { ms: 200 }));
    await expect(tree.counter.ask('read', null)).rejects.toMatchObject({ code: 'E_BUSY', retryable: true });
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['waited']));
    expect(await tree.counter.ask('read', null)).toBe(5);
  });

  test('a stream delivers all items in order, beyond its window', async () => {
    const items: number[] = [];
    for await (const n of tree.counter.stream('count', { to: 100, everyMs: 0 })) items.push(n);
    expect(items).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test('leaving a stream runs the producer’s finally', async () => {
    for await (const n of tree.counter.stream('count', { to: 1_000_000, everyMs: 0 })) if (n === 20) break;
    await until(async () => (await tree.counter.ask('cancelled', null)) === 1);
  });

  test('a producer runs no further ahead than the window', async () => {
    const stream = tree.counter.stream('count', { to: 1000, everyMs: 0 });
    await stream.next();
    await tree.counter.ask('read', null);
    // The window, and the one item that waits at the gate.
    expect(tree.supervisor.status()[0]!.metrics.produced).toBeLessThanOrEqual(9);
    await stream.return(undefined);
  });

  test('a buffer named for transfer moves', async () => {
    const bytes = new Uint8Array(1000);
    expect(await tree.counter.ask('take', bytes)).toBe(1000);
    expect(bytes.byteLength).toBe(0);
  });

  test('metrics are read without asking the actor', async () => {
    tree.counter.tell('add', 7);
    await until(() => tree.supervisor.status()[0]!.metrics.added === 7);
    expect(tree.supervisor.status().map((actor) => [actor.name, actor.state])).toEqual([
      ['counter', 'up'],
      ['relay', 'up'],
    ]);
  });
});

describe('death and restart', () => {
  test('a bug crashes the actor, fails what was pending, and the next life answers', async () => {
    const { supervisor, seen, counter, relay } = twoActors();
    await supervisor.start();
    const pending = relay.ask('waitForCounter', { ms: 60_000 });
    counter.tell('add', 100);
    await expect(counter.ask('bug', null)).rejects.toMatchObject({
      code: 'E_ACTOR_CRASHED',
      retryable: true,
    });
    await expect(pending).rejects.toMatchObject({ code: 'E_ACTOR_DOWN', retryable: true });
    await until(() => seen.length === 1);
    expect(seen).toEqual([{ kind: 'restarted', actor: 'counter', cause: 'crash' }]);
    // The memory of the dead life is gone, both refs meet the new one.
    expect(await counter.ask('read', null)).toBe(5);
    await until(async () => (await relay.ask('readCounter', null).catch(() => 0)) === 5);
    expect(await relay.ask('counterDeaths', null)).toEqual([1]);
    expect(await counter.ask('life', null)).toMatchObject({ epoch: 2, relayAnswered: 'relay' });
    expect(await supervisor.stop()).toMatchObject({ clean: true, cut: [] });
  });

  test('an exit without a word is a death too', async () => {
    const { supervisor, seen, counter } = twoActors();
    await supervisor.start();
    counter.tell('exit', null);
    await until(() => seen.length === 1);
    expect(seen[0]).toMatchObject({ kind: 'restarted', cause: 'exit' });
    await supervisor.stop();
  });

  test('a call to an actor that is down fails at once', async () => {
    const { supervisor, counter } = twoActors();
    await expect(counter.ask('read', null)).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
    expect(counter.tell('add', 1)).toBe(false);
    await expect(counter.ready()).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
    await supervisor.stop();
  });

  test('too many deaths in the period and the tree gives up', async () => {
    const { supervisor, seen, counter } = twoActors({ intensity: 2 });
    await supervisor.start();
    for (let life = 1; life <= 3; life++) {
      await until(async () => (await counter.ask('life', null).catch(() => ({ epoch: 0 }))).epoch === life);
      counter.tell('exit', null);
      await until(() => seen.length === life);
    }
    expect(seen.map((event) => event.kind)).toEqual(['restarted', 'restarted', 'gave-up']);
    await supervisor.stop();
  });

  test('a start that fails stops what is up and says why', async () => {
    const { supervisor } = twoActors({ failStart: true });
    await expect(supervisor.start()).rejects.toMatchObject({ code: 'E_NO_START' });
    expect(supervisor.status().every((actor) => actor.state === 'down')).toBe(true);
  });
});

describe('stop', () => {
  test('an actor that does not stop in time is cut and reported', async () => {
    const { supervisor, counter } = twoActors();
    await supervisor.start();
    counter.tell('hangOnStop', null);
    await counter.ask('read', null);
    const report = await supervisor.stop();
    expect(report).toMatchObject({ clean: false, cut: ['counter'] });
  });

  test('calls under way settle when the tree stops', async () => {
    const { supervisor, counter, relay } = twoActors();
    await supervisor.start();
    const calls = [counter.ask('wait', { ms: 60_000 }), relay.ask('waitForCounter', { ms: 60_000 })];
    const settled = Promise.allSettled(calls);
    await supervisor.stop();
    for (const result of await settled) {
      expect(result.status).toBe('rejected');
      expect((result as PromiseRejectedResult).reason.code).toBe('E_ACTOR_DOWN');
    }
  });
});
