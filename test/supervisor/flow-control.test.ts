import { afterEach, beforeEach, expect, test } from 'vitest';
import { twoActors, until } from './two-actors.ts';

let tree: ReturnType<typeof twoActors>;
beforeEach(async () => {
  tree = twoActors();
  await tree.supervisor.start();
});
afterEach(async () => {
  await tree.supervisor.stop();
});

/** Uses up the link's eight places with tells that take a while. */
function fill(ms: number): void {
  while (tree.counter.tell('slowAdd', { by: 1, ms }));
}

test('a tell of a state: the newest one waits for credit in the place of those before it', async () => {
  fill(100);
  for (let value = 1; value <= 50; value++) expect(tree.counter.tell('level', value)).toBe(true);
  expect(tree.counter.tell('add', 1)).toBe(false);
  await tree.counter.ready();
  await until(async () => (await tree.counter.ask('levels', null)).length > 0);
  expect(await tree.counter.ask('levels', null)).toEqual([50]);
});

test('credit used up by one user is not taken from another', async () => {
  fill(300);
  expect(await tree.relay.ask('readCounter', null)).toBe(5);
});

test('the bound holds for callers who give up: handlers that go on are counted', async () => {
  const round = () =>
    Promise.all(
      Array.from({ length: 8 }, () =>
        tree.counter.ask('waitDeaf', { ms: 700 }).catch((error: { code: string }) => error.code),
      ),
    );
  // Eight places, and as many given up; the third round meets the bound on the other side.
  expect(new Set(await round())).toEqual(new Set(['E_TIMEOUT']));
  expect(new Set(await round())).toEqual(new Set(['E_TIMEOUT']));
  expect(new Set(await round())).toEqual(new Set(['E_BUSY']));
  await until(async () => (await tree.counter.ask('read', null).catch(() => 0)) === 5);
});

test('a flooded mailbox cannot delay a stop', async () => {
  fill(60_000);
  const from = performance.now();
  expect(await tree.supervisor.stop()).toMatchObject({ clean: true });
  // What runs gets a second to finish.
  expect(performance.now() - from).toBeLessThan(4_000);
});

test('what runs may finish before the stop', async () => {
  const waiting = tree.counter.ask('wait', { ms: 50 });
  const nested = tree.relay.ask('waitForCounter', { ms: 50 });
  // Behind them on the same links: both run by now.
  await Promise.all([tree.counter.ask('read', null), tree.relay.ask('readCounter', null)]);
  const from = performance.now();
  await tree.supervisor.stop();
  expect(await waiting).toBe('waited');
  expect(await nested).toBe('waited');
  expect(performance.now() - from).toBeLessThan(2_000);
});

test('an abort between two items runs the producer’s finally', async () => {
  const abort = new AbortController();
  const items = tree.counter.stream('count', { to: 1_000, everyMs: 20 }, { signal: abort.signal });
  await items.next();
  abort.abort();
  await expect(items.next()).rejects.toMatchObject({ code: 'E_ABORTED' });
  await until(async () => (await tree.counter.ask('cancelled', null)) === 1);
});

test('a stream’s deadline ends it on both sides', async () => {
  const items = tree.counter.stream('count', { to: 1_000, everyMs: 20 }, { deadlineMs: 60 });
  const all = (async () => {
    for await (const item of items) void item;
  })();
  await expect(all).rejects.toMatchObject({ code: 'E_TIMEOUT' });
  await until(async () => (await tree.counter.ask('cancelled', null)) === 1);
});

test('the death of the producer’s actor ends the stream', async () => {
  const items = tree.counter.stream('count', { to: 1_000, everyMs: 20 });
  await items.next();
  tree.counter.tell('exit', null);
  const all = (async () => {
    for await (const item of items) void item;
  })();
  await expect(all).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
});

test('refused calls are counted where they were made', async () => {
  for (let n = 0; n < 3; n++) await tree.relay.ask('floodCounter', { ms: 300 });
  const relay = tree.supervisor.tree().children[1] as { refused: number };
  expect(relay.refused).toBe(3);
});
