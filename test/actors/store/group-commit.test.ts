import { expect, test } from 'vitest';
import { GuardedHandlers } from '../../../src/actors/store/guarded-handlers.ts';
import { key, subscription } from './objects.ts';
import { Life, Place } from './world.ts';

test('messages that come at once share their trips to the disk', async () => {
  const place = await Place.make();
  let life = await Life.start(place);
  const shares = Array.from({ length: 100 }, (_, i) => key(100 + i));
  const count = (name: string) => life.metrics.get(name) ?? 0;
  const [commits, syncs] = [count('commits'), count('syncs')];
  await Promise.all(shares.map((each) => life.ask('subscribe', subscription(each))));
  expect(count('commits') - commits).toBe(100);
  expect(count('syncs') - syncs).toBeLessThan(50);
  await life.stop();
  life = await Life.start(place);
  expect(await life.ask('subscriptions', null)).toHaveLength(100);
  await life.stop();
  await place.remove();
});

test.each([true, false])(
  'an answer waits for the disk; in turns (%s) the next turn does not',
  async (turns) => {
    let arrived = () => {};
    const database = {
      owes: false,
      settle: () =>
        new Promise<void>((resolve) => {
          arrived = resolve;
        }),
    };
    const { write, read } = new GuardedHandlers('/home', database).wrap({
      write: () => {
        database.owes = true;
      },
      read: () => null,
    });
    const order: string[] = [];
    const ask = async (name: string, handler: () => unknown) => {
      const held: Promise<unknown>[] = [];
      const call = {
        signal: new AbortController().signal,
        remainingMs: () => 1_000,
        ...(turns && { hold: (until: Promise<unknown>) => void held.push(until) }),
      };
      await (handler as unknown as (r: null, c: typeof call) => Promise<void>)(null, call);
      if (held.length > 0) order.push(`turn of ${name}`);
      await Promise.all(held);
      order.push(name);
    };
    const soon = () => new Promise((resolve) => setImmediate(resolve));
    await ask('look', read);
    const written = ask('write', write);
    await soon();
    const first = arrived;
    const looked = ask('read', read);
    await soon();
    expect(order).toEqual(turns ? ['look', 'turn of write', 'turn of read'] : ['look']);
    first();
    arrived();
    await Promise.all([written, looked]);
    expect(order.slice(-2)).toEqual(['write', 'read']);
  },
);
