import { describe, expect, test } from 'vitest';
import { CapMemory } from '../../../src/actors/cap-set.ts';
import { limitsConfig } from '../../../src/actors/limits/config.ts';
import type { LimitsContext } from '../../../src/actors/limits/context.ts';
import { Limits } from '../../../src/actors/limits/limits.ts';
import type { Traffic } from '../../../src/actors/limits/quotas.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

const SHARE = 'ab'.repeat(32);
const VOLUME = 'cd'.repeat(32);
const PEER = 'ef'.repeat(32);
/** Local time, whatever the zone of the machine: a Thursday. */
const at = (text: string) => new Date(text).getTime();
const NOON = at('2026-11-26T12:00:00');

/** The limits under a clock of the test's, with a store that keeps what it is given. */
class Desk {
  readonly clock: ManualClock;
  readonly metrics = new Map<string, number>();
  readonly said: string[] = [];
  settings: string | null = null;
  traffic: readonly Traffic[] = [];
  down = false;
  limits: Limits;
  readonly #config: object;

  constructor(config: object = {}, wall = NOON) {
    this.clock = new ManualClock(wall);
    this.#config = config;
    this.limits = this.life();
  }

  /** A new life, with what the store has. */
  life(): Limits {
    const say = (_: object, message: string) => void this.said.push(message);
    const context = {
      clock: this.clock,
      config: limitsConfig.parse(this.#config),
      signal: new AbortController().signal,
      log: { debug: () => {}, info: say, warn: say, error: say },
      metrics: {
        add: (name: string, by: number) => this.metrics.set(name, (this.metrics.get(name) ?? 0) + by),
      },
      refs: { store: { ask: async (name: string, request: unknown) => this.#store(name, request) } },
      spawn: (work: () => Promise<void>) => void work(),
    } as unknown as LimitsContext;
    const live = this.settings === null ? {} : JSON.parse(this.settings);
    this.limits = new Limits(context, live, this.traffic);
    return this.limits;
  }

  /** As a shard that sends so many octets. */
  sends(octets: number, direction: 'up' | 'down' = 'up'): void {
    const { memory, caps } = this.limits.sets.current;
    new CapMemory(memory, caps.length).meter(direction, 3, octets);
  }

  rate(scope = 'global', direction = 'up'): number | null | undefined {
    return this.limits.view().limits.find((row) => row.scope === scope && row.direction === direction)?.rate;
  }

  why(direction = 'up'): string {
    return this.limits.view().limits.find((row) => row.direction === direction)!.why;
  }

  #store(name: string, request: unknown): unknown {
    if (this.down) throw new ActorError('E_ACTOR_DOWN', 'the store is down');
    if (name === 'keepSetting') this.settings = (request as { value: string }).value;
    if (name === 'keepTraffic') this.traffic = structuredClone(request as Traffic[]);
    if (name === 'ownVolumes') return [{ shareId: VOLUME }];
    return null;
  }
}

describe('what is set live', () => {
  test('is in force at once, wins over the configuration, and is there after a start', async () => {
    const desk = new Desk({ up: '1MB/s', down: '2MB/s' });
    expect([desk.rate(), desk.rate('global', 'down'), desk.why()]).toEqual([1e6, 2e6, 'the configuration']);
    await desk.limits.set({ up: '20MB/s', down: 'off', [`peer:${PEER}.up`]: '64KiB/s' }, true);
    for (let life = 0; life < 2; life++) {
      expect([desk.rate(), desk.rate('global', 'down')]).toEqual([20e6, null]);
      expect(desk.rate(`peer:${PEER}`)).toBe(65_536);
      expect(desk.why()).toBe('set live');
      desk.life();
    }
    const { caps } = desk.limits.sets.current;
    expect(caps.map(({ scope, ids, rate }) => [scope, ids, rate])).toEqual([
      ['global', [], 20e6],
      ['peer', [PEER], 65_536],
    ]);
    await desk.limits.set({ [`peer:${PEER}.up`]: 'off' }, false);
    expect(desk.rate(`peer:${PEER}`)).toBeUndefined();
    desk.life();
    expect(desk.rate(`peer:${PEER}`)).toBe(65_536);
  });

  test('counts nothing against a flag', async () => {
    const desk = new Desk({ up: '1MB/s', pinned: ['up'] });
    await expect(desk.limits.set({ up: '2MB/s' }, true)).rejects.toMatchObject({ code: 'E_USAGE' });
    desk.settings = '{"up":"2MB/s"}';
    desk.life();
    expect(desk.rate()).toBe(1e6);
  });

  test('is all or nothing, and says what is wrong', async () => {
    const desk = new Desk();
    for (const values of [
      { up: '1MB/s', down: 'fast' },
      { up: '1MB/s', sideways: '1MB/s' },
      { up: '1MB/s', 'share:music.up': '1MB/s' },
      { up: '1MB/s', 'quota:week.up': '1GB' },
      { up: '1MB/s', schedule: 'someday' },
    ]) {
      await expect(desk.limits.set(values as never, true)).rejects.toMatchObject({ code: 'E_USAGE' });
    }
    expect([desk.rate(), desk.settings]).toEqual([null, null]);
  });

  test('what another version has kept does not keep the node from starting', () => {
    const desk = new Desk();
    desk.settings = '{"tag:x.up":"1MB/s","up":"5 apples","down":"1MB/s"}';
    desk.life();
    expect([desk.rate(), desk.rate('global', 'down')]).toEqual([null, 1e6]);
  });
});

test('a cap on a collection is one on its volumes', async () => {
  const desk = new Desk();
  await desk.limits.set({ [`share:${SHARE}.down`]: '1MB/s' }, true);
  await desk.clock.advance(10);
  expect(desk.limits.sets.current.caps[0]!.ids).toEqual([SHARE, VOLUME]);
});

test('whoever follows gets the set in force at once, and each other one as it comes', async () => {
  const desk = new Desk({ up: '1MB/s' });
  const end = new AbortController();
  const rates: (number | undefined)[] = [];
  const following = (async () => {
    for await (const { caps } of desk.limits.sets.follow(end.signal)) rates.push(caps[0]?.rate);
  })();
  await desk.clock.advance(1);
  await desk.limits.set({ up: '2MB/s' }, false);
  await desk.limits.set({ down: 'off' }, false);
  await desk.clock.advance(1);
  await desk.limits.set({ up: 'off' }, false);
  await desk.clock.advance(1);
  expect(rates).toEqual([1e6, 2e6, undefined]);
  end.abort();
  await following;
});

describe('a schedule', () => {
  const schedule = [
    'thu 08:00-18:00 up=1MB/s',
    'thu 12:00-13:00 up=2MB/s down=3MB/s',
    'fri 00:00-24:00 up=off',
  ];

  test('changes the global caps at its hours, by itself; the first that says something counts', async () => {
    const desk = new Desk({ up: '9MB/s', schedule }, at('2026-11-26T07:59:50'));
    expect([desk.rate(), desk.rate('global', 'down')]).toEqual([9e6, null]);
    await desk.clock.advance(11_000);
    expect(desk.limits.sets.current.caps[0]!.rate).toBe(1e6);
    expect(desk.why()).toContain('schedule: thu 08:00');
    const noon = new Desk({ up: '9MB/s', schedule });
    expect(noon.limits.sets.current.caps.map(({ rate }) => rate)).toEqual([1e6, 3e6]);
    expect(noon.limits.view().schedule.map(({ now }) => now)).toEqual([true, true, false]);
    const evening = new Desk({ up: '9MB/s', schedule }, at('2026-11-26T17:59:59'));
    await evening.clock.advance(2_000);
    expect(evening.limits.sets.current.caps.map(({ rate }) => rate)).toEqual([9e6]);
  });

  test('may lift a cap, and the hours without one need no timer', async () => {
    const desk = new Desk({ up: '9MB/s', schedule }, at('2026-11-27T03:00:00'));
    expect([desk.rate(), desk.limits.sets.current.caps]).toEqual([null, []]);
    const idle = new Desk({ up: '9MB/s' });
    expect(idle.clock.pending).toBe(0);
    await desk.limits.stop();
    expect(desk.clock.pending).toBe(0);
  });
});

describe('a quota', () => {
  test('stops what goes that way when it is used up, says so, and begins anew by itself', async () => {
    const desk = new Desk({ quota: ['day.up=10MB'] }, at('2026-11-26T23:59:50'));
    expect(desk.limits.sets.current.metered).toBe(true);
    desk.sends(4e6);
    desk.sends(50e6, 'down');
    await desk.clock.advance(300);
    expect(desk.limits.view().quotas).toMatchObject([{ period: 'day', quota: 10e6, used: 4e6, left: 6e6 }]);
    expect(desk.rate()).toBeNull();
    desk.sends(6e6);
    await desk.clock.advance(300);
    expect([desk.rate(), desk.rate('global', 'down')]).toEqual([0, null]);
    expect(desk.why()).toMatch(/daily quota is used up until 20/);
    expect(desk.metrics.get('quotas_used_up')).toBe(1);
    expect(desk.said.filter((line) => line.includes('used up')).length).toBe(1);
    await desk.clock.advance(10_000);
    expect(desk.rate()).toBeNull();
    expect(desk.limits.view().quotas).toMatchObject([{ used: 0 }]);
    expect(desk.said.some((line) => line.includes('room again'))).toBe(true);
  });

  test('of a month outlasts the day', async () => {
    const desk = new Desk({ quota: ['month.down=1MB', 'day.down=1MB'] }, at('2026-11-29T23:59:58'));
    desk.sends(1e6, 'down');
    await desk.clock.advance(300);
    expect(desk.why('down')).toContain('monthly');
    await desk.clock.advance(3_000);
    expect(desk.rate('global', 'down')).toBe(0);
    const used = desk.limits.view().quotas.map((row) => row.used);
    expect(used).toEqual([0, 1e6]);
    const december = new Desk({ quota: ['month.down=1MB'] }, at('2026-11-30T23:59:59'));
    december.traffic = desk.traffic;
    december.life();
    expect(december.rate('global', 'down')).toBe(0);
    await december.clock.advance(1_500);
    expect(december.rate('global', 'down')).toBeNull();
  });

  test('is written down within a second, whatever the store does meanwhile, and counts on after a start', async () => {
    const desk = new Desk({ quota: ['month.up=1GB'] });
    desk.sends(1_000);
    await desk.clock.advance(1_000);
    expect(desk.traffic.find(({ period }) => period === '2026-11')).toMatchObject({ up: 1_000, down: 0 });
    desk.down = true;
    desk.sends(500);
    await desk.clock.advance(1_000);
    desk.down = false;
    await desk.clock.advance(1_000);
    expect(desk.traffic.find(({ period }) => period === '2026-11')).toMatchObject({ up: 1_500 });
    desk.life();
    desk.sends(1);
    expect(desk.limits.view().quotas).toMatchObject([{ used: 1_501 }]);
    // What was counted in the last moment is written by an orderly stop.
    await desk.limits.stop();
    expect(desk.traffic.find(({ period }) => period === '2026-11')).toMatchObject({ up: 1_501 });
  });

  test('what shards still count in an older set is not lost', async () => {
    const desk = new Desk({ quota: ['day.up=1GB'] });
    const before = desk.limits.sets.current;
    await desk.limits.set({ up: '1MB/s' }, false);
    await desk.clock.advance(300);
    new CapMemory(before.memory, before.caps.length).meter('up', 0, 700);
    desk.sends(300);
    await desk.clock.advance(300);
    expect(desk.limits.view().quotas).toMatchObject([{ used: 1_000 }]);
  });
});
