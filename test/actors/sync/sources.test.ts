import { describe, expect, test, vi } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { GET_MANIFEST } from '../../../src/protocol/wire/message-types.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { key, revision, World } from './world.ts';

const A = 'tcp://10.0.0.1:7001';
const B = 'tcp://10.0.0.2:7001';
const C = 'tcp://10.0.0.3:7001';
const share = key(1);

describe('what is to be asked', () => {
  test('is asked of a slow peer and, beside it, of the next', async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const world = await World.start({}, clock);
    const next = revision(share, 2);
    const slow = world.peer(A).putHead(next.head);
    world.peer(B).putHead(next.head);
    world.peer(C).put(next);
    world.follow(share, A, B, C);
    // Everybody has the head; one never sends the list, another has none.
    const answer = slow.answer.bind(slow);
    let waits = false;
    slow.answer = (type, payload) => {
      if (type !== GET_MANIFEST) return answer(type, payload);
      waits = true;
      return new Promise(() => {});
    };
    const result = world.sync();
    await vi.waitFor(() => expect(waits).toBe(true));
    await clock.advance(2_000);
    expect(await result).toMatchObject([{ seq_after: 2, source: C, error: null }]);
    await vi.waitFor(() => expect(clock.pending).toBe(0));
  });

  test('of known peers as well: what pex names, in the pass itself and for the next number of an own share', async () => {
    const world = await World.start();
    world.known = [A];
    world.peer(A).put(revision(share, 5));
    world.follow(share);
    expect(await world.sync()).toMatchObject([{ seq_after: 5, source: A }]);
    const seq = await world.behaviour.handlers.newestSeq({ shareKey: toHex(share.publicKey) }, world.call);
    expect(seq).toEqual({ seq: 5 });
  });
});

test('a contradiction is not forgotten because those in it were not asked this time', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const world = await World.start({ intervalSeconds: 60, requestsPerSecond: 0.1 }, clock);
  const one = world.peer(A).put(revision(share, 4));
  const other = world.peer(B).put(revision(share, 4, { title: 'another' }));
  const shareId = world.follow(share, A, B);
  // More than there are requests for.
  for (let seed = 10; seed < 80; seed++) {
    const next = revision(key(seed), 1);
    one.put(next);
    world.follow(key(seed), A, B);
  }
  await world.sync();
  const kind = async () => {
    const rows = await world.behaviour.handlers.health(null, world.call);
    return rows.find((row) => row.shareId === shareId)!.disagreement?.kind;
  };
  expect(await kind()).toBe('fork');
  const before = one.asked.length + other.asked.length;
  for (let step = 0; step < 240; step++) {
    await clock.advance(15_000);
    expect(await kind()).toBe('fork');
  }
  // 70 shares of two peers in 40 passes would be 5,600.
  expect(one.asked.length + other.asked.length - before).toBeLessThan(600);
  world.stopping.abort(failure('E_ABORTED', 'sync stops'));
  await world.spawned;
});
