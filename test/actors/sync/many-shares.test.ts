import { expect, test } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed, type SigningKey } from '../../../src/protocol/crypto/ed25519.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { LIST_PUBLIC_SHARES } from '../../../src/protocol/wire/message-types.ts';
import type { PublicShareSummary } from '../../../src/protocol/wire/public-share.ts';
import { encodeReply } from '../../../src/protocol/wire/registry.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { revision, type ScriptedPeer, World } from './world.ts';

const SHARES = 2_000;
const PUBLISHERS = 50;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** 2,000 shares of 50 publishers, each with the publisher and two mirrors in its link, and four bootstrap nodes. */
async function manyShares(options: { lists: boolean }) {
  const clock = new ManualClock(1_700_000_000_000);
  const world = await World.start({ intervalSeconds: 60 }, clock);
  const address = (n: number) => `tcp://10.1.${n >> 8}.${n & 255}:7001`;
  const publishers = Array.from({ length: PUBLISHERS }, (_, n) => world.peer(address(n)));
  const mirrors = Array.from({ length: 20 }, (_, n) => world.peer(address(1_000 + n)));
  world.known = Array.from({ length: 4 }, (_, n) => address(2_000 + n));
  for (const known of world.known) world.peer(known);
  const keys = Array.from({ length: SHARES }, (_, n) => {
    const seed = new Uint8Array(32);
    new DataView(seed.buffer).setUint32(0, n + 1);
    return keyPairFromSeed(seed);
  });
  const lists = publishers.map(() => new Map<string, PublicShareSummary>());
  const publish = (n: number, seq: number) => {
    const next = revision(keys[n]!, seq);
    publishers[n % PUBLISHERS]!.put(next);
    if (seq === 1) mirrors[n % mirrors.length]!.put(next);
    const list = lists[n % PUBLISHERS]!;
    const { shareId, latestManifestId } = next.head;
    const id = toHex(shareId);
    const before = [...list].filter(([other]) => other !== id);
    list.clear();
    const summary = { shareId, latestManifestId, latestSeq: BigInt(seq), title: null, description: null };
    list.set(id, { ...summary, sharePubkey: keys[n]!.publicKey });
    for (const [other, entry] of before) list.set(other, entry);
    return toHex(latestManifestId);
  };
  for (let n = 0; n < SHARES; n++) {
    const manifestId = publish(n, 1);
    const peers = [n % PUBLISHERS, 1_000 + (n % 20), 1_000 + ((n + 7) % 20)].map(address);
    const shareId = world.follow(keys[n]!, ...peers);
    const known = world.subscriptions.get(shareId)!;
    world.subscriptions.set(shareId, { ...known, seq: 1, manifestId });
  }
  for (const [n, peer] of publishers.entries()) answerLists(peer, options.lists ? lists[n]! : null);
  return { clock, world, keys, publish };
}

function answerLists(peer: ScriptedPeer, list: ReadonlyMap<string, PublicShareSummary> | null): void {
  peer.listed = () => {
    if (list === null) throw failure('E_PEER_ERROR', 'unsupported');
    const payload = encodeReply(LIST_PUBLIC_SHARES, { shares: [...list.values()].slice(0, 64) });
    return { type: 403, payload };
  };
}

const idOf = (share: SigningKey) => toHex(shareIdOf(share.publicKey));

test.each([
  // Looked for one by one: the ones that change often are found out about first.
  { lists: false, within: 75 * MINUTE, hours: 1.25 },
  // Most publishers list what is public: news is found by their lists.
  { lists: true, within: 4 * MINUTE, hours: 0.5 },
])(
  '2,000 subscriptions cost a request a second on average: %j',
  { timeout: 120_000 },
  async ({ lists, within, hours }) => {
    const { clock, world, keys, publish } = await manyShares({ lists });
    const requests = () => world.metrics.get('requests') ?? 0;
    const seqOf = (n: number) => world.subscriptions.get(idOf(keys[n]!))!.seq;
    const news = new Map<number, number>();
    const delays: number[] = [];
    let published = 0;
    for (let step = 0; step < (hours * 3_600) / 5; step++) {
      if (step % 30 === 15 && published < 12) {
        const n = (published++ * 97) % SHARES;
        publish(n, 2);
        news.set(n, clock.now());
      }
      // In steps, so that what was begun has its turns before the time moves on.
      await clock.advance(5 * SECOND);
      for (const [n, at] of news) {
        if (seqOf(n) !== 2) continue;
        delays.push(clock.now() - at);
        news.delete(n);
      }
    }
    const seconds = hours * 3_600;
    // What flows in from one pass to the next may come at once.
    expect(requests()).toBeLessThanOrEqual(seconds + 120 + 40);
    // The rest is what lookups in the DHT count for.
    expect(requests()).toBeGreaterThan(seconds * 0.4);
    delays.sort((a, b) => a - b);
    const at = (part: number) => Math.round(delays[Math.floor((delays.length - 1) * part)]! / SECOND);
    console.info(
      `2,000 subscriptions, ${lists ? 'listed' : 'one by one'}: ${(requests() / seconds).toFixed(2)} requests a second; ` +
        `news after ${at(0.5)} s in the median, ${at(0.95)} s for 95 in 100 (${delays.length} of ${published})`,
    );
    expect(delays.length).toBeGreaterThan(published * (lists ? 0.9 : 0.3));
    expect(at(0.5) * SECOND).toBeLessThan(within);
    world.stopping.abort(failure('E_ABORTED', 'sync stops'));
    await world.spawned;
  },
);

test('a publisher whose lists promise what is not there is asked for no more of them', async () => {
  const { clock, world, keys } = await manyShares({ lists: true });
  const liar = world.peers.get('tcp://10.1.0.0:7001')!;
  let asked = 0;
  liar.listed = () => {
    asked++;
    const shares = Array.from({ length: 40 }, (_, i) => {
      const { publicKey } = keys[i * PUBLISHERS]!;
      const shareId = shareIdOf(publicKey);
      const latestManifestId = new Uint8Array(32);
      return {
        shareId,
        sharePubkey: publicKey,
        latestSeq: 99n,
        latestManifestId,
        title: null,
        description: null,
      };
    });
    return { type: 403, payload: encodeReply(LIST_PUBLIC_SHARES, { shares }) };
  };
  for (let step = 0; step < 60; step++) await clock.advance(5 * SECOND);
  expect(asked).toBe(1);
  world.stopping.abort(failure('E_ABORTED', 'sync stops'));
  await world.spawned;
});
