import { describe, expect, test, vi } from 'vitest';
import { retryPauseMs } from '../../../src/actors/sync/retry-pause.ts';
import { failure } from '../../../src/errors.ts';
import { FIND_VALUE, GET_MANIFEST } from '../../../src/protocol/wire/message-types.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { headOf, key, revision, World } from './world.ts';

const A = 'tcp://127.0.0.1:7001';
const B = 'tcp://127.0.0.2:7001';
const C = 'tcp://127.0.0.3:7001';
const share = key(1);

const health = async (world: World) => await world.behaviour.handlers.health(null, world.call);

describe('heads that contradict each other', () => {
  test('two manifests under one number are told, in the log once and in the subscription', async () => {
    const world = await World.start();
    world.peer(A).put(revision(share, 4));
    world.peer(B).put(revision(share, 4, { title: 'another' }));
    const id = world.follow(share, A, B);
    expect(await world.sync()).toMatchObject([{ seq_after: 4, error: null }]);
    await world.sync();
    expect(world.warnings.filter((line) => line.includes('two different manifests'))).toHaveLength(1);
    expect(await health(world)).toMatchObject([
      { shareId: id, failures: 0, disagreement: { kind: 'fork', seq: 4, peers: [A, B] } },
    ]);
  });

  test('so is another manifest under the number that is held, and it is not taken', async () => {
    const world = await World.start();
    world.peer(A).put(revision(share, 4));
    world.follow(share, A);
    await world.sync();
    world.peer(A).put(revision(share, 4, { title: 'another' }));
    expect(await world.sync()).toMatchObject([{ seq_after: 4, source: null }]);
    expect(world.committed).toHaveLength(1);
    expect(await health(world)).toMatchObject([{ disagreement: { kind: 'fork', seq: 4, peers: [A] } }]);
  });

  test('an older revision than is held is told, until nobody offers it any more', async () => {
    const world = await World.start();
    world.peer(A).put(revision(share, 8));
    world.peer(B);
    world.follow(share, A, B);
    await world.sync();
    expect(await health(world)).toMatchObject([{ disagreement: null }]);
    world.peer(B).put(revision(share, 2));
    await world.sync();
    expect(await health(world)).toMatchObject([{ disagreement: { kind: 'behind', seq: 2, peers: [B] } }]);
    world.peer(B).put(revision(share, 8));
    await world.sync();
    expect(await health(world)).toMatchObject([{ disagreement: null }]);
  });

  test('who unsubscribes hears no more of it', async () => {
    const world = await World.start();
    world.peer(A).put(revision(share, 4));
    world.peer(B).put(revision(share, 4, { title: 'another' }));
    const id = world.follow(share, A, B);
    await world.sync();
    world.subscriptions.delete(id);
    await world.sync();
    expect(await health(world)).toEqual([]);
  });
});

describe('the newest revision that can be had', () => {
  test('a newest one whose manifest nobody has does not keep an older one from being taken', async () => {
    const world = await World.start();
    world.peer(A).putHead(revision(share, 9).head);
    world.peer(B).put(revision(share, 7));
    world.peer(C).put(revision(share, 3));
    const id = world.follow(share, A, B, C);
    expect(await world.sync()).toMatchObject([
      { seq_before: null, seq_after: 7, source: B, error: { code: 'E_PEER_ERROR' } },
    ]);
    expect(world.subscriptions.get(id)?.seq).toBe(7);
    world.peers.get(A)?.put(revision(share, 9));
    expect(await world.sync()).toMatchObject([{ seq_after: 9, source: A, error: null }]);
  });

  test('a newest one that is broken neither', async () => {
    const world = await World.start();
    const { manifest } = revision(share, 8);
    world
      .peer(A)
      .putHead(headOf(share, 9, manifest))
      .putManifest(manifest);
    world.peer(B).put(revision(share, 7));
    world.follow(share, A, B);
    expect(await world.sync()).toMatchObject([{ seq_after: 7, error: { code: 'E_MANIFEST_INVALID' } }]);
  });
});

describe('passes by themselves', () => {
  const INTERVAL = 60;

  async function started() {
    const clock = new ManualClock(1_700_000_000_000);
    const world = await World.start({ intervalSeconds: INTERVAL }, clock);
    world.known = [A];
    return { clock, world };
  }

  test('begin with the shares one after another over half of the interval', async () => {
    const { clock, world } = await started();
    const peer = world.peer(A);
    for (let seed = 1; seed <= 4; seed++) world.follow(key(seed));
    const asked = () => peer.asked.filter((type) => type === FIND_VALUE).length;
    await clock.advance(1_000);
    await clock.advance(0);
    const times: number[] = [];
    for (let second = 0; second <= 30; second += 0.5) {
      const before = asked();
      await clock.advance(second === 0 ? 0 : 500);
      if (asked() > before) times.push(second);
    }
    await vi.waitFor(() => expect(world.metrics.get('passes')).toBe(1));
    // The first was asked when the pass began.
    expect(times).toEqual([7.5, 15, 22.5]);
  });

  test('leave a share that fails longer and longer, an hour at most; asked for, it is tried at once', async () => {
    const { clock, world } = await started();
    const peer = world.peer(A);
    peer.answers = () => {
      throw failure('E_PEER_ERROR', 'no');
    };
    const id = world.follow(share);
    const tries: number[] = [];
    const began = clock.now();
    let asked = 0;
    for (let minute = 0; minute < 400; minute += 0.5) {
      await clock.advance(30_000);
      const now = peer.asked.filter((type) => type === FIND_VALUE).length;
      if (now > asked) tries.push(Math.round((clock.now() - began) / 60_000));
      asked = now;
    }
    const pauses = tries.slice(1).map((at, i) => at - tries[i]!);
    expect(pauses.slice(0, 4)).toEqual([1, 2, 4, 8]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(61);
    expect(tries.length).toBeGreaterThan(10);
    const [state] = await health(world);
    expect(state?.failures).toBe(tries.length);
    expect(state?.nextTry).toBeGreaterThan(clock.wall() / 1000);

    peer.answers = null;
    peer.put(revision(share, 1));
    expect(await world.sync(id)).toMatchObject([{ seq_after: 1, error: null }]);
    expect(await health(world)).toMatchObject([{ failures: 0, nextTry: null }]);
  });

  test('a bad share does not slow down a good one', async () => {
    const { clock, world } = await started();
    const peer = world
      .peer(A)
      .put(revision(share, 1))
      .put(revision(key(2), 1));
    world.follow(share);
    const broken = world.follow(key(2));
    peer.manifests.clear();
    peer.put(revision(share, 1));
    await clock.advance(1_000);
    for (let minute = 0; minute < 10; minute++) {
      peer.put(revision(share, minute + 2));
      for (let half = 0; half < 4; half++) await clock.advance(30_000);
    }
    expect(Number(world.committed.at(-1)?.head.latestSeq)).toBe(11);
    expect((await health(world)).find(({ shareId }) => shareId === broken)?.failures).toBeGreaterThan(2);
    expect(peer.asked.filter((type) => type === GET_MANIFEST).length).toBeGreaterThan(10);
  });

  test('the pause has a bound, whatever the interval', () => {
    expect([1, 2, 3, 7, 8, 2000].map((failures) => retryPauseMs(failures, 60_000) / 60_000)).toEqual([
      1, 2, 4, 60, 60, 60,
    ]);
    expect(retryPauseMs(5, 7_200_000)).toBe(7_200_000);
    expect(retryPauseMs(5, 0)).toBe(0);
  });
});
