import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../../src/supervisor/testing/manual-clock.ts';
import { World } from '../world.ts';

describe('a watched share', () => {
  let world: World;
  let clock: ManualClock;
  const wall = Date.UTC(2020, 0, 1);
  beforeEach(async () => {
    clock = new ManualClock(wall);
    world = await World.start(clock);
    await world.write('music/a.flac', 'a');
  });
  afterEach(() => world.stop());

  const call = { signal: new AbortController().signal, remainingMs: () => 1000 };
  const music = () => [world.path('music')];
  const seq = () => world.shares.get('music')?.own.seq;
  const walks = () => world.asked.filter((name) => name === 'sourcesOf').length;
  /** Time goes on a second at a time until that is so; events of the file system come when they come. */
  const until = (check: () => void) =>
    vi.waitFor(
      async () => {
        await clock.advance(1_000);
        check();
      },
      { timeout: 10_000, interval: 10 },
    );
  const watched = async () => {
    await world.publish({ paths: music(), watch: true });
    const before = walks();
    // The first look is at once, in case something changed in between.
    await until(() => expect(walks()).toBeGreaterThan(before));
  };

  test('is published by itself once its files rest, all changes in one revision', async () => {
    await watched();
    expect(seq()).toBe(1);
    for (const name of ['b', 'c', 'd']) await world.write(`music/new/${name}.flac`, name);
    await until(() => expect(seq()).toBe(2));
    expect(world.inside('music')).toHaveLength(4);
    // In a folder that was not there when the watch began.
    await world.write('music/new/e.flac', 'e');
    await until(() => expect(seq()).toBe(3));
    await rm(world.path('music/a.flac'));
    await until(() => expect(seq()).toBe(4));
    expect(world.inside('music')).toHaveLength(4);
    expect(world.infos.filter((text) => text === 'files changed: published by itself')).toHaveLength(3);
    expect(world.metrics.get('watch_revisions')).toBe(3);
  });

  test('a file that is still being written waits, the others do not', async () => {
    await watched();
    await world.write('music/b.flac', 'b');
    const busy = await world.write('music/busy.part', 'half');
    // Written all the time: the others are published after a minute at the latest.
    await vi.waitFor(
      async () => {
        await utimes(busy, clock.wall() / 1000 + 1, clock.wall() / 1000 + 1);
        await clock.advance(500);
        expect(world.inside('music')).toContain('b.flac');
      },
      { timeout: 20_000, interval: 25 },
    );
    expect(world.inside('music')).not.toContain('busy.part');
    await until(() => expect(world.inside('music')).toContain('busy.part'));
  });

  test('one that was in the share before stays in it while it is written anew', async () => {
    await watched();
    await world.write('music/a.flac', 'longer than before');
    const now = () => clock.wall() / 1000;
    await utimes(world.path('music/a.flac'), now() + 4, now() + 4);
    await world.write('music/b.flac', 'b');
    await until(() => expect(world.inside('music')).toContain('b.flac'));
    expect(world.inside('music')).toContain('a.flac');
    await until(() =>
      expect(world.shares.get('music')!.revision!.items.find(({ name }) => name === 'a.flac')!.size).toBe(18),
    );
  });

  test('its disk goes and comes back: nothing is withdrawn, and changes on it are found', async () => {
    await watched();
    await rename(world.path('music'), world.path('away'));
    await mkdir(world.path('music'));
    const before = walks();
    await clock.advance(700_000);
    expect(seq()).toBe(1);
    expect(walks()).toBe(before);
    await rm(world.path('music'), { recursive: true });
    await world.write('away/b.flac', 'b');
    await rename(world.path('away'), world.path('music'));
    await until(() => expect(seq()).toBe(2));
    expect(world.inside('music')).toEqual(['a.flac', 'b.flac']);
    expect(world.warnings).toEqual([]);
  });

  test('nothing is signed when nothing changed, however often it is looked at', async () => {
    await watched();
    for (let look = 0; look < 3; look++) {
      const before = walks();
      await clock.advance(600_000);
      await vi.waitFor(() => expect(walks()).toBe(before + 1));
      await until(() => expect(world.asked.at(-1)).toBe('identity'));
    }
    expect(seq()).toBe(1);
  });

  test('a publish by hand at the same time goes first', async () => {
    await watched();
    const running = world.stream({ paths: music() });
    await running.next();
    await world.write('music/b.flac', 'b');
    await clock.advance(20_000);
    expect(seq()).toBe(1);
    await running.return(undefined);
    await until(() => expect(seq()).toBe(2));
    expect(world.warnings).toEqual([]);
  });

  test.each([
    ['it is not watched any more', () => world.publish({ paths: [], share: 'music', watch: false })],
    [
      'it is taken back',
      async () => {
        const { shareId } = world.shares.get('music')!.own;
        await world.behaviour.handlers.unshare({ shareId, forgetKey: false }, call);
      },
    ],
  ])('until %s', async (_, end) => {
    await watched();
    expect(world.metrics.get('watched_shares')).toBe(1);
    await end();
    expect(world.metrics.get('watched_shares')).toBe(0);
    const before = walks();
    await world.write('music/b.flac', 'b');
    await clock.advance(2_000_000);
    expect(walks()).toBe(before);
  });

  test('a share that the store knows as watched is watched from the start of the actor', async () => {
    await watched();
    const again = await World.start(clock);
    try {
      again.shares.set('music', world.shares.get('music')!);
      await world.write('music/b.flac', 'b');
      await until(() => expect(again.inside('music')).toContain('b.flac'));
    } finally {
      await again.stop();
    }
  });
});
