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
const MINUTE = 60_000;

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
  // Room for one request in each pass.
  const world = await World.start({ intervalSeconds: 60, requestsPerSecond: 0.01 }, clock);
  world.peer(A).put(revision(share, 4));
  world.peer(B).put(revision(share, 4, { title: 'another' }));
  world.follow(share, A, B);
  await world.sync();
  const health = async () => (await world.behaviour.handlers.health(null, world.call))[0]!.disagreement?.kind;
  expect(await health()).toBe('fork');
  for (let minute = 0; minute < 60; minute++) {
    await clock.advance(MINUTE);
    expect(await health()).toBe('fork');
  }
  world.stopping.abort(failure('E_ABORTED', 'sync stops'));
  await world.spawned;
});
