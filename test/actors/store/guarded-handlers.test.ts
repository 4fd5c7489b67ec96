import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { GuardedHandlers } from '../../../src/actors/store/guarded-handlers.ts';

const settled = { owes: false, settle: async () => {} };
const call = { signal: new AbortController().signal, remainingMs: () => 1_000 };

test('an answer that was given is not kept', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const guard = new GuardedHandlers('/home', settled);
  const { answer } = guard.wrap({ answer: async () => ({ rows: new Array(1_000).fill(0) }) });
  const given: WeakRef<object>[] = [];
  for (let i = 0; i < 20; i++)
    given.push(
      new WeakRef(await (answer as (r: never, c: typeof call) => Promise<object>)(null as never, call)),
    );
  // What a turn of the event loop looked at is not collected within it.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(given.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(3);
});

test('closing waits for what runs, and what comes after is refused', async () => {
  const guard = new GuardedHandlers('/home', settled);
  const order: string[] = [];
  let finish = () => {};
  const { work } = guard.wrap({
    work: async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      order.push('done');
    },
  });
  const run = work as unknown as (r: null, c: typeof call) => Promise<void>;
  const running = run(null, call);
  const closed = guard.close().then(() => order.push('closed'));
  await expect(run(null, call)).rejects.toMatchObject({ code: 'E_ABORTED' });
  finish();
  await Promise.all([running, closed]);
  expect(order).toEqual(['done', 'closed']);
});
