import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { retire } from '../../../src/actors/transport/retirement.ts';
import { encodeEnvelope, FLAG_ERROR } from '../../../src/protocol/wire/envelope.ts';
import { GET_CHUNK } from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { RawPeer, until } from './raw-peer.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

let folder: Awaited<ReturnType<typeof workFolder>>;
beforeAll(async () => {
  folder = await workFolder();
});
afterAll(() => folder.remove());

test('a shard that retires closes what has been idle for a second, and nothing before', async () => {
  const shard = await TestShard.start();
  const peer = await RawPeer.session(await shard.listen());
  await until(() => shard.metrics.get('sessions') === 1, 'the session');
  const from = performance.now();
  await shard.retire();
  expect(performance.now() - from).toBeGreaterThan(900);
  expect(await peer.closed).toBeNull();
  await shard.stop();
});

test('after a minute a session that is at work is answered what it asked for, then told the end', async () => {
  const clock = new ManualClock(performance.now());
  let finished = false;
  const noted = () => {
    finished = true;
  };
  const sessions = { closeIdle: () => {}, finish: noted };
  const connections = new Set([{}]);
  let over = false;
  const retiring = retire(clock, sessions as never, connections as never, new AbortController().signal);
  void retiring.then(() => {
    over = true;
  });
  await clock.advance(59_900);
  expect([finished, over]).toEqual([false, false]);
  await clock.advance(300);
  expect([finished, over]).toEqual([true, false]);
  // A peer that does not take its answers is not waited for longer than ten seconds.
  await clock.advance(10_000);
  expect(over).toBe(true);
});

test('what was asked before the end is answered whole, what is asked after it is not', async () => {
  const clock = new ManualClock(performance.now());
  const shard = await TestShard.start({}, { clock });
  const address = await shard.listen();
  const bytes = randomBytes(10 * 262_144);
  const content = contentOf(bytes);
  shard.share(await folder.file(bytes), content.contentId);
  const peer = await RawPeer.session(address, { now: () => clock.wall() / 1000 });
  const contentId = Buffer.from(content.contentId, 'hex');
  const request = (chunkIndex: number) => encodeRequest(GET_CHUNK, { contentId, chunkIndex });
  await until(() => shard.metrics.get('sessions') === 1, 'the session');
  const before = shard.metrics.get('bytes_down')!;
  const frame = 4 + encodeEnvelope({ type: GET_CHUNK, reqId: 0, flags: 0, payload: request(0) }).length;
  // It reads nothing for now: all of it lies with the system when the session ends.
  peer.pause();
  for (let index = 0; index < 10; index++) peer.send(GET_CHUNK, index, request(index));
  await until(() => shard.metrics.get('bytes_down')! >= before + 10 * frame, 'all requests');
  const retiring = shard.retire();
  await clock.advance(60_500);
  peer.send(GET_CHUNK, 10, request(10));
  peer.resume();
  await peer.closed;
  const answers: number[] = [];
  while (peer.waiting > 0) {
    const { reqId, flags } = await peer.envelope();
    expect(flags & FLAG_ERROR).toBe(0);
    answers.push(reqId);
  }
  expect(answers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await until(() => shard.metrics.get('sessions') === 0, 'the end of the session');
  await clock.advance(200);
  await retiring;
  await shard.stop();
});
