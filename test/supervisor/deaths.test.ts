import { expect, test } from 'vitest';
import { twoActors, until } from './two-actors.ts';

// Ends of real threads, each told apart by its cause.
test.each([
  ['exit', 'exit'],
  ['spin', 'hung'],
  ['hog', 'memory'],
] as const)('%s: the cause is %s', async (message, cause) => {
  const { supervisor, seen, counter } = twoActors();
  await supervisor.start();
  // A heartbeat must have been seen before it can be missed.
  await until(async () => (await counter.ask('read', null)) === 5);
  const pending = counter.ask('wait', { ms: 60_000 });
  const failed = expect(pending).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
  counter.tell(message, null);
  await until(() => seen.length === 1, 20_000);
  expect(seen[0]).toMatchObject({ kind: 'restarted', actor: 'counter', cause });
  await failed;
  expect(await counter.ask('life', null)).toMatchObject({ epoch: 2, relayAnswered: 'relay' });
  expect(await supervisor.stop()).toMatchObject({ clean: true });
});

test('a permanent actor that finishes in order is restarted all the same', async () => {
  const { supervisor, seen, counter } = twoActors();
  await supervisor.start();
  counter.tell('finish', null);
  await until(() => seen.length === 1);
  expect(seen[0]).toMatchObject({ cause: 'exit' });
  await supervisor.stop();
});

test('a loop that is busy for a while is left alone', async () => {
  const { supervisor, seen, counter } = twoActors();
  await supervisor.start();
  await counter.ask('read', null);
  counter.tell('block', { ms: 900 });
  expect(await counter.ask('read', null)).toBe(5);
  expect(seen).toEqual([]);
  await supervisor.stop();
});

test('behaviours on threads hear of memory pressure', async () => {
  const limits = { shedBytes: 1, cutBytes: Number.MAX_SAFE_INTEGER, patienceMs: 1_000 };
  const { supervisor, counter } = twoActors({ memory: limits });
  await supervisor.start();
  await until(async () => (await counter.ask('pressures', null)).length > 0);
  expect(await counter.ask('pressures', null)).toEqual(['high']);
  await supervisor.stop();
});

test('cut: nothing is waited for, and the report names who still ran', async () => {
  const { supervisor, counter } = twoActors();
  await supervisor.start();
  counter.tell('hangOnStop', null);
  await counter.ask('read', null);
  const from = performance.now();
  const stopping = supervisor.stop();
  supervisor.cut();
  expect(await stopping).toMatchObject({ clean: false, cut: ['counter', 'relay'] });
  expect(performance.now() - from).toBeLessThan(1_000);
});
