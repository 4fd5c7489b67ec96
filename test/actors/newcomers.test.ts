import { describe, expect, test } from 'vitest';
import { Admission } from '../../src/actors/admission.ts';
import { Newcomers } from '../../src/actors/newcomers.ts';
import { neighbourhoodOf } from '../../src/protocol/addresses/neighbourhood.ts';

const LIMITS = {
  maxPending: 512,
  maxPendingPerAddress: 1_000,
  maxPerSecond: 300,
  maxPerSecondPerNet: 60,
  maxNewPerSecond: 20,
  maxNewPerSecondPerNet: 4,
};

type End = 'good' | 'fruitless' | 'good, then a fault';

/** An acceptor whose connections end a while after they have begun; the time is the test's. */
class Door {
  readonly newcomers = new Newcomers(LIMITS);
  readonly admission = new Admission(LIMITS, this.newcomers);
  begun = 0;
  readonly #ends: { at: number; net: string; paid: boolean; end: End }[] = [];

  /** Milliseconds until it may begin; null: refused. */
  come(net: string, now: number, end: End, lastsMs = 0): number | null {
    while (this.#ends.length > 0 && this.#ends[0]!.at <= now) this.#judge(this.#ends.shift()!);
    const turn = this.admission.turn(`${net}.1`, now);
    if (turn === null) return null;
    this.begun++;
    this.#ends.push({ at: now + turn.waitMs + lastsMs, net, paid: turn.newcomer, end });
    if (turn.waitMs + lastsMs === 0) this.#judge(this.#ends.pop()!);
    return turn.waitMs;
  }

  #judge({ at, net, paid, end }: { at: number; net: string; paid: boolean; end: End }): void {
    if (end === 'fruitless') return this.newcomers.fruitless(net, paid, at);
    if (paid) this.newcomers.welcome(net, at);
    if (end === 'good, then a fault') this.newcomers.fruitless(net, false, at);
  }
}

const otherNet = (i: number) => `10.${Math.floor(i / 250)}.${i % 250}`;

/** Connections a second that begin when so many try for a minute, each from a network of its own or all from one. */
function pace(end: End, perSecond: number, options: { oneNet?: boolean; lastsMs?: number } = {}): number {
  const door = new Door();
  for (let i = 0; i < 60 * perSecond; i++) {
    const net = options.oneNet ? '192.0.2' : otherNet(i);
    door.come(net, (i * 1_000) / perSecond, end, options.lastsMs ?? 100);
  }
  return door.begun / 60;
}

describe('newcomers', () => {
  test('those of whom something good comes are let in as fast as anybody', () => {
    expect(pace('good', 150)).toBe(150);
    expect(pace('good', 50, { oneNet: true })).toBe(50);
  });

  test('those of whom nothing comes: 20 a second in all and 4 of a network, whenever it shows', () => {
    for (const end of ['fruitless', 'good, then a fault'] as const) {
      expect(pace(end, 250)).toBeGreaterThan(19);
      expect(pace(end, 250)).toBeLessThan(21.5);
      expect(pace(end, 50, { oneNet: true })).toBeLessThan(4.5);
    }
    // Whoever is silent for ten seconds has paid before.
    expect(pace('fruitless', 250, { lastsMs: 10_000 })).toBeLessThan(21.5);
  });

  test('of this machine, where everybody behind a proxy comes from, only the pace of all counts', () => {
    const door = new Door();
    for (let i = 0; i < 15_000; i++) door.come('127.0.0', i * 4, 'fruitless', 100);
    expect(door.begun / 60).toBeGreaterThan(19);
    expect(door.begun / 60).toBeLessThan(21.5);
    const net = neighbourhoodOf('::1');
    for (let i = 0; i < 20; i++) door.newcomers.pay(net, 90_000);
    expect(door.newcomers.owedMs(net, 90_000)).toBe(0);
  });

  test('20 may come at once, then one after another, two seconds away at most', () => {
    const door = new Door();
    const waits = Array.from({ length: 100 }, (_, i) => door.come(otherNet(i), 0, 'fruitless', 5_000));
    expect(waits.slice(0, 20)).toEqual(Array(20).fill(0));
    expect(waits.slice(20, 60)).toEqual(
      Array.from({ length: 40 }, (_, i) => expect.closeTo(((i + 1) * 1_000) / 20)),
    );
    expect(waits.slice(60)).toEqual(Array(40).fill(null));
  });

  test('whose network has been of use waits for none of them, until it is a nuisance once', () => {
    const door = new Door();
    door.come('192.0.2', 0, 'good');
    for (let i = 0; i < 100; i++) door.come(otherNet(i), 0, 'fruitless', 5_000);
    expect(door.come('198.51.100', 0, 'good')).toBeNull();
    // Eight at a time, again and again, as nodes of the reference come.
    for (let i = 0; i < 100; i++) expect(door.come('192.0.2', 0, 'good')).toBe(0);
    door.come('192.0.2', 0, 'fruitless');
    expect(door.come('192.0.2', 0, 'good')).toBeNull();
  });

  test('what is owed keeps nobody out for more than two seconds', () => {
    const door = new Door();
    for (let i = 0; i < 1_000; i++) door.newcomers.fruitless(otherNet(i), false, 0);
    expect(door.come('192.0.2', 1_900, 'good')).toBeNull();
    expect(door.come('192.0.2', 2_060, 'good')).toBeLessThanOrEqual(2_000);
  });

  test('one that nobody could take is paid back, and is still a newcomer', () => {
    const door = new Door();
    for (let i = 0; i < 100; i++) {
      expect(door.admission.turn('192.0.2.1', 0)).toEqual({ waitMs: 0, newcomer: true });
      door.newcomers.payBack('192.0.2', 0);
    }
  });

  test('so many networks are remembered; the one that came longest ago is forgotten', () => {
    const newcomers = new Newcomers(LIMITS);
    for (let i = 0; i < 4_096; i++) newcomers.welcome(`n${i}`, 0);
    expect(newcomers.has('n0')).toBe(false);
    newcomers.welcome('one more', 0);
    expect([newcomers.has('n0'), newcomers.has('n1'), newcomers.has('n2')]).toEqual([false, true, false]);
  });
});
