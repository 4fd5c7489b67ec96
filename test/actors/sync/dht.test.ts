import { describe, expect, test } from 'vitest';
import { failure } from '../../../src/errors.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { manifestKey, revocationKey } from '../../../src/protocol/objects/dht-keys.ts';
import { encodeTagged } from '../../../src/protocol/objects/dht-value.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import { signKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { encodeManifest, manifestId } from '../../../src/protocol/objects/manifest.ts';
import { shareHead } from '../../../src/protocol/objects/share-head.ts';
import { FIND_VALUE } from '../../../src/protocol/wire/message-types.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { key, revision, World } from './world.ts';

const A = 'tcp://127.0.0.1:7001';
const B = 'tcp://127.0.0.2:7001';
const C = 'tcp://127.0.0.3:7001';
const KEY = 'ab'.repeat(32);
const share = key(1);
const NODE = { nodeKey: KEY, nodeId: 'ab'.repeat(20), address: C, native: true, dialect: '2/8' };

/** A DHT that has these values under their keys, these nodes with the head, and these with the manifest. */
function has(
  world: World,
  {
    values = new Map(),
    heads = [],
    holders = [],
  }: { values?: Map<string, Uint8Array>; heads?: string[]; holders?: string[] },
): string[] {
  const asked: string[] = [];
  world.dht = async (name, request) => {
    asked.push(name);
    if (name === 'lookUpHead') return { head: null, sources: heads };
    if (name === 'findProviders') return { providers: holders };
    const value = values.get((request as { key: string }).key) ?? null;
    return { value, source: value && NODE };
  };
  return asked;
}

describe('a share whose link names nobody', () => {
  test('is found by the DHT: its head with those who keep it, its manifest by its id', async () => {
    const world = await World.start();
    const { head, manifest } = revision(share, 3);
    world.peer(A).putHead(head);
    const id = manifestId(manifest);
    has(world, {
      heads: [`${A}@${KEY}`],
      values: new Map([[toHex(manifestKey(id)), encodeManifest(manifest)]]),
    });
    world.follow(share);
    expect(await world.sync()).toMatchObject([{ seq_after: 3, source: C, error: null }]);
  });

  test('whose manifest is no value of the DHT is got from whoever has the share', async () => {
    const world = await World.start();
    const { head, manifest } = revision(share, 3);
    world.peer(A).putHead(head);
    world.peer(B).putManifest(manifest);
    has(world, { heads: [A], holders: [`${B}@${KEY}`] });
    world.follow(share);
    expect(await world.sync()).toMatchObject([{ seq_after: 3, source: B, error: null }]);
  });

  test('is not filled by a forged head, or another manifest', async () => {
    const world = await World.start();
    world.peer(A).putHead({ ...revision(key(2), 9).head, shareId: shareIdOf(share.publicKey) });
    has(world, { heads: [A] });
    world.follow(share);
    expect(await world.sync()).toMatchObject([{ seq_after: null, error: { code: 'E_HEAD_INVALID' } }]);

    const { head } = revision(share, 3);
    const other = revision(share, 4).manifest;
    world.peer(B).putHead(head);
    const values = new Map([[toHex(manifestKey(head.latestManifestId)), encodeManifest(other)]]);
    has(world, { heads: [B], values });
    expect((await world.sync())[0]?.seq_after).toBeNull();
    expect(world.committed).toEqual([]);
  });

  test('and that the DHT does not know, says so; so does one whose DHT is being restarted', async () => {
    const world = await World.start();
    world.follow(share);
    expect(await world.sync()).toMatchObject([{ error: { code: 'E_NO_PROVIDER' } }]);
    world.dht = async () => {
      throw failure('E_ACTOR_DOWN', 'it is being restarted');
    };
    expect(await world.sync()).toMatchObject([{ error: { code: 'E_NO_PROVIDER' } }]);
  });
});

test('a share that its peers have is looked up in the DHT twice an hour, and the newer revision is taken', async () => {
  const clock = new ManualClock(1_700_000_000_000);
  const world = await World.start({ intervalSeconds: 60 }, clock);
  world.peer(A).put(revision(share, 1));
  world.peer(B).put(revision(share, 2));
  const asked = has(world, { heads: [B] });
  const lookups = () => asked.filter((name) => name === 'lookUpHead').length;
  world.follow(share, A);
  for (let second = 0; second < 120; second++) await clock.advance(1_000);
  expect(world.committed.map(({ manifest }) => Number(manifest.seq))).toEqual([2]);
  expect(lookups()).toBe(1);
  for (let minute = 0; minute < 61; minute++) await clock.advance(60_000);
  expect(lookups()).toBeGreaterThanOrEqual(2);
  expect(lookups()).toBeLessThanOrEqual(3);
  await world.behaviour.quiesce?.();
  world.stopping.abort(failure('E_ABORTED', 'the test is over'));
});

test('a revocation that only the DHT has voids its share, and no other', async () => {
  const world = await World.start();
  const other = key(2);
  world.peer(A).put(revision(share, 1)).put(revision(other, 1));
  const record = signKeyRevocation(share, {
    subjectKind: 'sharepublisher',
    reason: 'compromised',
    issuedAt: 5n,
  });
  const forged = { ...record, pubkey: other.publicKey };
  has(world, {
    values: new Map([
      [toHex(revocationKey(share.publicKey)), encodeTagged('key-revocation', record)],
      [toHex(revocationKey(other.publicKey)), encodeTagged('key-revocation', forged)],
    ]),
  });
  const revoked = world.follow(share, A);
  const sound = world.follow(other, A);
  const results = await world.sync();
  expect(results.find(({ share_id }) => share_id === revoked)).toMatchObject({
    error: { code: 'E_SHARE_REVOKED' },
  });
  expect(results.find(({ share_id }) => share_id === sound)).toMatchObject({ seq_after: 1, error: null });

  // The next life knows it though nobody says it any more.
  const next = await World.start();
  next.keyRecords = world.keyRecords;
  next.peers.set(A, world.peer(A).put(revision(share, 1)));
  next.follow(share, A);
  expect(await next.sync()).toMatchObject([{ seq_after: null, error: { code: 'E_SHARE_REVOKED' } }]);
  expect(next.keyRecords).toHaveLength(1);
});

test('the newest revision of an own share is asked of the DHT too; what its key did not sign does not count', async () => {
  const world = await World.start();
  world.known = [A];
  world.peer(A).put(revision(share, 4));
  const answer = (octets: Uint8Array) => {
    world.dht = async () => ({ head: octets, sources: [] });
    const request = { shareKey: toHex(share.publicKey) };
    return world.behaviour.handlers.newestSeq(request, world.call);
  };
  expect(await answer(encodeWith(shareHead, revision(share, 7).head))).toEqual({ seq: 7 });
  expect(await answer(encodeWith(shareHead, revision(share, 3).head))).toEqual({ seq: 4 });
  expect(await answer(encodeWith(shareHead, revision(key(2), 9).head))).toEqual({ seq: 4 });
  expect(world.peer(A).asked.every((type) => type === FIND_VALUE)).toBe(true);
});
