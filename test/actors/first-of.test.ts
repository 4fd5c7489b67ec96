import { expect, test } from 'vitest';
import { firstOf } from '../../src/actors/first-of.ts';
import { ManualClock } from '../../src/supervisor/testing/manual-clock.ts';

/** Work that ends when the test says so. */
class Desk {
  readonly clock = new ManualClock();
  readonly begun: string[] = [];
  readonly aborted: string[] = [];
  readonly ends = new Map<
    string,
    { resolve: (result: string | null) => void; reject: (error: Error) => void }
  >();

  run(items: readonly string[], parallel = 2) {
    return firstOf(items, (item, signal) => this.#work(item, signal), {
      clock: this.clock,
      patienceMs: 100,
      parallel,
      signal: new AbortController().signal,
    });
  }

  #work(item: string, signal: AbortSignal): Promise<string | null> {
    this.begun.push(item);
    return new Promise((resolve, reject) => {
      this.ends.set(item, { resolve, reject });
      signal.addEventListener('abort', () => {
        this.aborted.push(item);
        resolve(null);
      });
    });
  }
}

test('one after the other while they bring nothing; the first result ends it', async () => {
  const desk = new Desk();
  const result = desk.run(['a', 'b', 'c']);
  desk.ends.get('a')!.resolve(null);
  await desk.clock.advance(1);
  expect(desk.begun).toEqual(['a', 'b']);
  desk.ends.get('b')!.resolve('found');
  expect(await result).toBe('found');
  expect(desk.begun).toEqual(['a', 'b']);
  expect(desk.clock.pending).toBe(0);
});

test('a slow one has the next beside it, so many at most; what is left is aborted', async () => {
  const desk = new Desk();
  const result = desk.run(['a', 'b', 'c', 'd']);
  await desk.clock.advance(99);
  expect(desk.begun).toEqual(['a']);
  await desk.clock.advance(1);
  expect(desk.begun).toEqual(['a', 'b']);
  await desk.clock.advance(1_000);
  expect(desk.begun).toEqual(['a', 'b']);
  desk.ends.get('a')!.resolve(null);
  await desk.clock.advance(0);
  expect(desk.begun).toEqual(['a', 'b', 'c']);
  desk.ends.get('c')!.resolve('c');
  expect(await result).toBe('c');
  expect(desk.aborted).toContain('b');
  expect(desk.clock.pending).toBe(0);
});

test('nothing of nobody, and of nothing', async () => {
  const desk = new Desk();
  expect(await desk.run([])).toBeNull();
  const result = desk.run(['a', 'b']);
  await desk.clock.advance(100);
  desk.ends.get('a')!.resolve(null);
  desk.ends.get('b')!.resolve(null);
  expect(await result).toBeNull();
});

test('a rejection is passed on once the others have ended', async () => {
  const desk = new Desk();
  const result = desk.run(['a', 'b']);
  await desk.clock.advance(100);
  desk.ends.get('b')!.reject(new Error('no'));
  await expect(result).rejects.toThrow('no');
  expect(desk.aborted).toEqual(expect.arrayContaining(['a']));
});
