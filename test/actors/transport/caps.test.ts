import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capSet } from '../../../src/actors/cap-set.ts';
import type { Cap, CapSet } from '../../../src/actors/limits/contract.ts';
import { FLAG_ERROR } from '../../../src/protocol/wire/envelope.ts';
import { GET_CHUNK } from '../../../src/protocol/wire/message-types.ts';
import { encodeRequest } from '../../../src/protocol/wire/registry.ts';
import { systemClock } from '../../../src/supervisor/contract/clock.ts';
import { RawPeer, until } from './raw-peer.ts';
import { contentOf, TestShard, workFolder } from './world.ts';

const MiB = 1024 * 1024;
const SHARE = 'ab'.repeat(32);
let folder: Awaited<ReturnType<typeof workFolder>>;

beforeAll(async () => {
  folder = await workFolder();
});
afterAll(() => folder.remove());

const cap = (
  direction: Cap['direction'],
  rate: number,
  scope: Cap['scope'] = 'global',
  ids: string[] = [],
): Cap => ({
  name: scope,
  scope,
  ids,
  direction,
  rate,
});
const setOf = (...caps: Cap[]): CapSet => capSet(caps, systemClock.now(), false);

/** A seeder, a leecher, and a file that lies with the first one. */
async function pair(size: number, shareIds: readonly string[] = []) {
  const [seeder, leecher] = await Promise.all([TestShard.start(), TestShard.start()]);
  const address = await seeder.listen();
  const bytes = randomBytes(size);
  const content = contentOf(bytes);
  seeder.share(await folder.file(bytes), content.contentId, shareIds);
  const fetch = async () => {
    const from = systemClock.now();
    await leecher.fetch(
      address,
      [{ ...content, path: await folder.file(Buffer.alloc(0)) }],
      undefined,
      shareIds,
    );
    return (systemClock.now() - from) / 1000;
  };
  const stop = () => Promise.all([seeder.stop(), leecher.stop()]);
  return { seeder, leecher, address, content, fetch, stop };
}

describe('over sockets', () => {
  test.each([
    ['up', 'global'],
    ['up', 'share'],
    ['up', 'peer'],
    ['down', 'global'],
    ['down', 'share'],
    ['down', 'peer'],
  ] as const)('a cap %s of scope %s holds', async (direction, scope) => {
    const { seeder, leecher, fetch, stop } = await pair(2 * MiB, [SHARE]);
    const [of, other] = direction === 'up' ? [seeder, leecher] : [leecher, seeder];
    of.useCaps(setOf(cap(direction, 2 * MiB, scope, scope === 'share' ? [SHARE] : [other.nodeKey])));
    const seconds = await fetch();
    expect(seconds).toBeGreaterThan(0.9);
    expect(seconds).toBeLessThan(3);
    await stop();
  });

  test('caps of others do not count', async () => {
    const { seeder, leecher, fetch, stop } = await pair(4 * MiB, [SHARE]);
    const others = [
      cap('down', 1024),
      cap('up', 1024, 'share', ['cd'.repeat(32)]),
      cap('up', 1024, 'peer', ['ef'.repeat(32)]),
    ];
    seeder.useCaps(setOf(...others));
    leecher.useCaps(setOf(cap('up', 1024)));
    expect(await fetch()).toBeLessThan(3);
    await stop();
  });

  test('a cap below a chunk a second, which then is lifted: it goes on at once', async () => {
    const { seeder, leecher, fetch, stop } = await pair(3 * MiB);
    seeder.useCaps(setOf(cap('up', 32 * 1024)));
    const fetching = fetch();
    const came = () => leecher.metrics.get('bytes_down') ?? 0;
    await until(() => came() > 10_000, 'a slice');
    expect(came()).toBeLessThan(262_144);
    seeder.useCaps(setOf());
    expect(await fetching).toBeLessThan(10);
    await stop();
  });

  test('a plain peer is sent a chunk only if the caps leave it 100 KiB/s, else refused at once, and counted', async () => {
    const { seeder, address, content, stop } = await pair(300_000, [SHARE]);
    const peers = [await RawPeer.session(address), await RawPeer.session(address)] as const;
    const payload = encodeRequest(GET_CHUNK, {
      contentId: Buffer.from(content.contentId, 'hex'),
      chunkIndex: 0,
    });
    const answer = async (set: CapSet) => {
      seeder.useCaps(set);
      await turn();
      const { flags, payload: reply } = await peers[0].ask(GET_CHUNK, 1, payload);
      return flags & FLAG_ERROR ? Buffer.from(reply).toString('latin1') : 'a chunk';
    };
    expect(await answer(setOf(cap('up', 0)))).toContain('rate limit exceeded');
    expect(await answer(setOf(cap('up', 99 * 1024)))).toContain('rate limit exceeded');
    expect(await answer(setOf(cap('up', 99 * 1024, 'share', [SHARE])))).toContain('rate limit exceeded');
    expect(seeder.metrics.get('chunks_refused')).toBe(3);
    // One of 150 KiB/s leaves room for one of them.
    seeder.useCaps(setOf(cap('up', 150 * 1024)));
    await turn();
    const served = peers[0].ask(GET_CHUNK, 2, payload);
    await until(() => (seeder.metrics.get('chunks_served') ?? 0) > 1, 'the first chunk to be read');
    expect((await peers[1].ask(GET_CHUNK, 1, payload)).flags & FLAG_ERROR).toBe(FLAG_ERROR);
    expect((await served).flags & FLAG_ERROR).toBe(0);
    for (const peer of peers) peer.destroy();
    await stop();
  });
});

/** What was put in force has reached the shard: it follows a stream. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
