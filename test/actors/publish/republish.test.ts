import { mkdir, rename, rm, utimes } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { lookOf, World } from './world.ts';

describe('a share over time', () => {
  let world: World;
  let clock: ManualClock;
  beforeEach(async () => {
    clock = new ManualClock();
    world = await World.start(clock);
    await world.write('music/a.flac', 'a');
    await world.write('music/live/b.flac', 'b');
  });
  afterEach(() => world.stop());

  const music = () => [world.path('music')];
  const call = { signal: new AbortController().signal, remainingMs: () => 1000 };
  const states = async (...inside: string[]) => {
    const { own, sources: all } = world.shares.get('music')!;
    const sources = inside.map((path) => {
      const source = all.find((each) => each.inside === path);
      return source === undefined ? null : { ...source, damaged: false };
    });
    return await world.behaviour.handlers.itemStates({ roots: own.roots, sources }, call);
  };
  const shareStates = async () =>
    (await world.behaviour.handlers.shareStates(null, call)).map(({ state }) => state);

  test('title, visibility and tags stay until others are given', async () => {
    const first = await world.publish({
      paths: music(),
      title: 'Records',
      public: true,
      tags: ['live', 'live'],
    });
    expect(first).toMatchObject({ title: 'Records', public: true, tags: ['live'], name: 'music' });
    expect(world.shares.get('music')!.revision!.items.map(({ tags }) => tags)).toEqual([['live'], ['live']]);
    expect(await world.publish({ paths: music() })).toMatchObject({
      seq: 1,
      title: 'Records',
      public: true,
      tags: ['live'],
    });
    expect(await world.publish({ paths: music(), public: false })).toMatchObject({ seq: 2, public: false });
    expect(await world.publish({ paths: music(), title: '', tags: [] })).toMatchObject({
      seq: 3,
      title: null,
      public: false,
      tags: [],
    });
  });

  test('the DHT is told of each revision, and of nothing else', async () => {
    await world.publish({ paths: music() });
    await world.publish({ paths: music() });
    await world.publish({ paths: music(), public: true });
    const { shareId } = world.shares.get('music')!.own;
    expect(world.toldDht).toEqual([
      ['published', { shareId }],
      ['published', { shareId }],
    ]);
  });

  test('a new share is private, without tags', async () => {
    expect(await world.publish({ paths: music() })).toMatchObject({ public: false, tags: [], title: null });
  });

  test.each([
    [['x'.repeat(65)]],
    [['']],
    [['\0']],
    [['\ud800']],
    [Array.from({ length: 33 }, (_, i) => `tag ${i}`)],
  ])('tags that no manifest can carry are refused', async (tags) => {
    await expect(world.publish({ paths: music(), tags })).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(world.shares.size).toBe(0);
  });

  test('without paths a share is published from where it was', async () => {
    await world.publish({ paths: music() });
    await world.write('music/c.flac', 'c');
    expect(await world.publish({ paths: [], share: 'music' })).toMatchObject({ seq: 2, items: 3 });
    await expect(world.publish({ paths: [] })).rejects.toMatchObject({ code: 'E_USAGE' });
    await expect(world.publish({ paths: [], share: 'other' })).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  test('a share that others may know more of gets a number above what they have seen', async () => {
    await world.publish({ paths: music() });
    const held = world.shares.get('music')!;
    held.own = { ...held.own, unsure: true };
    world.seen = () => ({ seq: 41 });
    await world.publish({ paths: music() });
    expect(held.revision!.seenSeq).toBe(41);
    held.own = { ...held.own, unsure: false };
    await world.publish({ paths: music() });
    expect(held.revision!.seenSeq).toBe(0);
  });

  describe('whose disk is not mounted', () => {
    const unmount = async (how: string) => {
      await rename(world.path('music'), world.path('aside'));
      if (how === 'an empty mount point') await mkdir(world.path('music'));
    };
    const mount = async () => {
      await rm(world.path('music'), { recursive: true, force: true });
      await rename(world.path('aside'), world.path('music'));
    };

    test.each(['gone', 'an empty mount point'])(
      '%s: nothing is withdrawn, and a mount restores it',
      async (how) => {
        await world.publish({ paths: music() });
        await unmount(how);
        await expect(world.publish({ paths: music() })).rejects.toMatchObject({
          code: 'E_SHARE_OFFLINE',
          subject: world.path('music'),
          next: expect.stringContaining('mount'),
        });
        expect(world.inside('music')).toEqual(['a.flac', 'live/b.flac']);
        expect(await states('a.flac', 'live/b.flac')).toEqual(['offline', 'offline']);
        expect(await shareStates()).toEqual(['offline']);
        await mount();
        expect(await states('a.flac', 'live/b.flac')).toEqual(['ok', 'ok']);
        expect(await shareStates()).toEqual(['ok']);
        expect(await world.publish({ paths: music() })).toMatchObject({ seq: 1, hashed_bytes: 0 });
      },
    );

    test('one of several places: its files stay, those of the others are looked at', async () => {
      await world.write('films/one.mkv', 'one');
      const paths = [world.path('music'), world.path('films')];
      await world.publish({ paths, share: 'all' });
      await unmount('gone');
      await world.write('films/two.mkv', 'two');
      const result = await world.publish({ paths, share: 'all' });
      expect(result).toMatchObject({ seq: 2, items: 4, hashed_bytes: 3, offline: [world.path('music')] });
      expect(world.inside('all')).toEqual([
        'films/one.mkv',
        'films/two.mkv',
        'music/a.flac',
        'music/live/b.flac',
      ]);
      await mount();
      expect(await world.publish({ paths, share: 'all' })).toMatchObject({
        seq: 2,
        hashed_bytes: 0,
        offline: [],
      });
    });

    test('a place that was never part of the share is an error as before', async () => {
      await world.publish({ paths: music(), share: 'all' });
      const paths = [...music(), world.path('nowhere')];
      await expect(world.publish({ paths, share: 'all' })).rejects.toMatchObject({ code: 'E_PATH_INVALID' });
      await mkdir(world.path('empty'));
      await expect(world.publish({ paths: [world.path('empty')] })).rejects.toMatchObject({
        code: 'E_PATH_INVALID',
      });
    });
  });

  test('states of files: there, changed, gone, never there', async () => {
    await world.publish({ paths: music() });
    expect(await states('a.flac', 'live/b.flac', 'never')).toEqual(['ok', 'ok', 'missing']);
    await world.write('music/a.flac', 'other');
    await rm(world.path('music/live/b.flac'));
    expect(await states('a.flac', 'live/b.flac')).toEqual(['stale', 'missing']);
  });

  test('the state of a share is that of what was missed of it', async () => {
    await world.publish({ paths: music() });
    const { own, sources } = world.shares.get('music')!;
    world.gone = sources.map((source) => ({
      ...source,
      ...{ damaged: false, shareId: own.shareId, epoch: 1, place: 1 },
    }));
    expect(await shareStates()).toEqual(['ok']);
    const alone = world.gone;
    world.gone = alone.map((source) => ({ ...source, damaged: true }));
    expect(await shareStates()).toEqual(['damaged']);
    world.gone = alone;
    await utimes(world.path('music/a.flac'), 5, 5);
    expect(await shareStates()).toEqual(['stale']);
    await rm(world.path('music/live/b.flac'));
    expect(await shareStates()).toEqual(['missing']);
  });

  test('what was not there is looked for again, and comes back when it is as it was', async () => {
    await world.publish({ paths: music() });
    const { own, sources } = world.shares.get('music')!;
    world.gone = sources.map((source) => ({
      ...source,
      ...{ damaged: false, shareId: own.shareId, epoch: 1, place: 1 },
    }));
    await rename(world.path('music'), world.path('aside'));
    await clock.advance(31_000);
    await vi.waitFor(() =>
      expect(world.asked.filter((name) => name === 'goneSources').length).toBeGreaterThan(0),
    );
    expect(world.back).toEqual([]);
    // A look may be under way: what comes back is another one already.
    await utimes(world.path('aside/a.flac'), 5, 5);
    await rename(world.path('aside'), world.path('music'));
    await vi.waitFor(async () => {
      await clock.advance(31_000);
      expect(world.back).toContain(world.path('music/live/b.flac'));
    });
    expect(world.back).not.toContain(world.path('music/a.flac'));
    expect(lookOf(world.path('music/live/b.flac')).size).toBe(1);
  });

  test('a share is not taken back while it is being published', async () => {
    await world.publish({ paths: music() });
    const { shareId } = world.shares.get('music')!.own;
    const running = world.stream({ paths: music() });
    await running.next();
    const unshare = () => world.behaviour.handlers.unshare({ shareId, forgetKey: false }, call);
    await expect(unshare()).rejects.toMatchObject({ code: 'E_BUSY' });
    await running.return(undefined);
    expect(await unshare()).toEqual({ name: 'music', items: 1 });
  });
});
