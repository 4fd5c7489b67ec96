import { describe, expect, test } from 'vitest';
import { Places } from '../../../src/actors/transport/places.ts';

describe('places', () => {
  test('go to whoever waited longest, one at a time', () => {
    const places = new Places(2);
    expect([places.take(), places.take(), places.take()]).toEqual([true, true, false]);
    const order: string[] = [];
    places.wait(() => order.push('a'));
    const leave = places.wait(() => order.push('b'));
    places.wait(() => order.push('c'));
    leave();
    leave();
    places.give();
    expect(order).toEqual(['a']);
    // One is free only when nobody waits for it.
    expect(places.take()).toBe(false);
    places.give();
    expect(order).toEqual(['a', 'c']);
    places.give();
    expect([places.used, places.take(), places.take()]).toEqual([1, true, false]);
  });

  test('given back at once by those they are granted to, however many', () => {
    const places = new Places(1);
    places.take();
    let granted = 0;
    for (let i = 0; i < 20_000; i++) {
      places.wait(() => {
        granted++;
        places.give();
      });
    }
    places.give();
    expect([granted, places.used]).toEqual([20_000, 0]);
  });

  test('a granted one may wait again: it comes after the others', () => {
    const places = new Places(1);
    places.take();
    const order: string[] = [];
    const again = (name: string, left: number) => {
      order.push(name);
      if (left > 0) places.wait(() => again(name, left - 1));
      places.give();
    };
    places.wait(() => again('a', 2));
    places.wait(() => again('b', 2));
    places.give();
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
    expect(places.used).toBe(0);
  });
});
