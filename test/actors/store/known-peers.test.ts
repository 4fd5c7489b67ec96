import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KnownPeer, StoredPeer } from '../../../src/actors/known-peer-types.ts';
import { Database } from '../../../src/actors/store/database.ts';
import { KnownPeers } from '../../../src/actors/store/known-peers.ts';
import { migrate } from '../../../src/actors/store/migrations.ts';
import { Life, Place } from './world.ts';

let place: Place;
let life: Life;
beforeEach(async () => {
  place = await Place.make();
  life = await Life.start(place);
});
afterEach(async () => {
  await life.stop();
  await place.remove();
});

const peer = (change: Partial<KnownPeer> = {}): KnownPeer => ({
  address: 'tcp://192.0.2.1:7001',
  nodeKey: 'ab'.repeat(32),
  version: 2,
  capabilityKeys: 8,
  native: true,
  seenAt: 1_700_000_000,
  ...change,
});

test('a peer is remembered by its address, over a restart', async () => {
  expect(await life.ask('knownPeer', { address: peer().address })).toBeNull();
  await life.ask('rememberPeer', peer());
  await life.ask(
    'rememberPeer',
    peer({ address: 'tcp://192.0.2.1:7002', native: false, version: 1, capabilityKeys: 5 }),
  );
  await life.stop();
  life = await Life.start(place);
  expect(await life.ask('knownPeer', { address: peer().address })).toEqual(peer());
  expect(await life.ask('knownPeer', { address: 'tcp://192.0.2.1:7002' })).toMatchObject({
    native: false,
    version: 1,
    capabilityKeys: 5,
  });
});

test('a change is known at once, a mere meeting after an hour', async () => {
  await life.ask('rememberPeer', peer());
  await life.ask('rememberPeer', peer({ seenAt: 1_700_000_100 }));
  expect(await life.ask('knownPeer', peer())).toEqual(peer());
  const changed = peer({ nodeKey: 'cd'.repeat(32), seenAt: 1_700_000_101 });
  await life.ask('rememberPeer', changed);
  expect(await life.ask('knownPeer', peer())).toEqual(changed);
  const later = { ...changed, seenAt: 1_700_004_000 };
  await life.ask('rememberPeer', later);
  expect(await life.ask('knownPeer', peer())).toEqual(later);
});

test.each([
  [{ nodeKey: 'ab' }, 'E_USAGE'],
  [{ address: 'x'.repeat(257) }, 'E_ADDRESS_INVALID'],
])('%j is refused', async (change, code) => {
  await expect(life.ask('rememberPeer', peer(change))).rejects.toMatchObject({ code });
});

test('the table is bounded: who was met longest ago makes room', () => {
  const database = new Database(':memory:');
  migrate(database);
  const peers = new KnownPeers(database);
  for (let i = 0; i < 10_050; i++) peers.remember(peer({ address: `tcp://${i}`, seenAt: 1_000_000 + i }));
  peers.flush();
  expect(database.get('SELECT count(*) AS n FROM peers')).toEqual({ n: 10_000 });
  expect(peers.get('tcp://49')).toBeNull();
  expect(peers.get('tcp://50')).not.toBeNull();
  expect(peers.get('tcp://10049')).not.toBeNull();
  database.close();
});

test('handshakes are written down together, a moment later', async () => {
  const rows = () => {
    const database = new Database(join(place.home, 'state.db'));
    const { n } = database.get<{ n: number }>('SELECT count(*) AS n FROM peers')!;
    database.close();
    return n;
  };
  for (let port = 1; port <= 50; port++) {
    await life.ask('rememberPeer', peer({ address: `tcp://192.0.2.1:${port}` }));
  }
  expect(rows()).toBe(0);
  await life.clock.advance(2_000);
  expect(rows()).toBe(50);
});

test('what is thought of peers is there after a restart; the forgotten are not', async () => {
  const rated: StoredPeer = {
    ...peer(),
    capabilities: ['dht', 'content_seed'],
    failures: 2,
    score: -1.5,
    scoreAt: 1_700_000_000,
    source: 'ef'.repeat(32),
  };
  const plain = { capabilities: [], failures: 0, score: 0, scoreAt: 0, source: 'dial' };
  const other = peer({ address: 'tcp://192.0.2.2:7001', seenAt: 1_600_000_000 });
  await life.ask('rememberPeer', other);
  await life.ask('ratePeers', { peers: [rated], gone: [] });
  expect(await life.ask('knownPeers', { limit: 10 })).toEqual([rated, { ...other, ...plain }]);
  expect(await life.ask('knownPeers', { limit: 1 })).toEqual([rated]);
  // Met again: what is thought of it stays.
  const again = peer({ seenAt: 1_700_009_000 });
  await life.ask('rememberPeer', again);
  await life.ask('ratePeers', { peers: [], gone: [other.address] });
  await life.stop();
  life = await Life.start(place);
  expect(await life.ask('knownPeers', { limit: 10 })).toEqual([{ ...rated, ...again }]);
});
