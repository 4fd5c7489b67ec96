import { afterEach, beforeEach, expect, test } from 'vitest';
import { HangUp } from '../../src/cli/hang-up.ts';

let happened: string[];
let terminal: boolean;
let hangUp: HangUp;
const signal = () => process.emit('SIGHUP');
const make = () =>
  new HangUp(
    () => void happened.push('gone'),
    () => terminal,
  );
beforeEach(() => {
  happened = [];
});
afterEach(() => {
  hangUp.close();
  expect(process.listenerCount('SIGHUP')).toBe(0);
});

test('without a terminal it is a reload, also one that came before the node was up, once', () => {
  terminal = false;
  hangUp = make();
  signal();
  signal();
  hangUp.onReload(() => void happened.push('reload'));
  expect(happened).toEqual(['reload']);
  signal();
  expect(happened).toEqual(['reload', 'reload']);
});

test('in a terminal that is still there it is a reload; when it is gone, the end', () => {
  terminal = true;
  hangUp = make();
  hangUp.onReload(() => void happened.push('reload'));
  signal();
  terminal = false;
  signal();
  expect(happened).toEqual(['reload', 'gone']);
});
