import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { storeConfig } from '../../../src/actors/store/config.ts';
import { storeContract } from '../../../src/actors/store/contract.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { publicKeyBytes } from '../../../src/protocol/crypto/ed25519.ts';
import { createLog } from '../../../src/supervisor/observe/log.ts';
import { Supervisor } from '../../../src/supervisor/tree/supervisor.ts';
import { until } from '../../supervisor/two-actors.ts';
import { mainThread } from '../main-thread.ts';
import { item, revision, source } from './objects.ts';
import { Place } from './world.ts';

// The same actor on a thread of its own, under the supervisor: what only shows there.
const src = new URL('../../../src/', import.meta.url);

let place: Place;
let supervisor: Supervisor;
let restarts: string[];

beforeEach(async () => {
  place = await Place.make();
  restarts = [];
  supervisor = tree();
  await supervisor.start();
});
afterEach(async () => {
  await supervisor.stop();
  await place.remove();
});

function tree(): Supervisor {
  return new Supervisor(
    {
      contracts: new URL('actors/contracts.ts', src),
      intensity: 5,
      periodMs: 30_000,
      children: [
        {
          contract: storeContract,
          module: new URL('actors/store/actor.ts', src),
          config: storeConfig.parse({ home: place.home, keyfile: place.keyfile }),
        },
      ],
    },
    {
      log: createLog('silent', {}),
      logLevel: 'silent',
      events: { actorRestarted: ({ cause }) => void restarts.push(cause), gaveUp() {} },
      service: mainThread(),
    },
  );
}

test('the identity crosses to another thread with a key that signs', async () => {
  const identity = await supervisor.ref(storeContract).ask('identity', null);
  expect(toHex(publicKeyBytes(identity.privateKey))).toBe(identity.nodeKey);
});

test('a life that dies of a bug leaves folder and lock to the next, and shards hear that all leases are void', async () => {
  const store = supervisor.ref(storeContract);
  const { shareId } = await store.ask('openShare', { name: 'mine' });
  await store.ask('commitRevision', revision(shareId, [item(1)]));
  const changes = store.stream('leaseChanges', null);
  const ended = expect(changes.next()).rejects.toMatchObject({ code: 'E_ACTOR_DOWN' });
  await expect(store.ask('manifest', null as never)).rejects.toMatchObject({ code: 'E_ACTOR_CRASHED' });
  await ended;
  await until(async () => restarts.length === 1);
  expect(await store.ask('ownShares', null)).toMatchObject([{ shareId, seq: 1 }]);
  expect((await supervisor.stop()).clean).toBe(true);
  expect(existsSync(join(place.home, 'state.running'))).toBe(false);
});

test('lease changes flow while messages do', async () => {
  const store = supervisor.ref(storeContract);
  const { shareId } = await store.ask('openShare', { name: 'mine' });
  await store.ask('commitRevision', revision(shareId, [item(1)]));
  const stop = new AbortController();
  const changes = store.stream('leaseChanges', null, { signal: stop.signal });
  const next = changes.next();
  await store.ask(
    'commitRevision',
    revision(shareId, [item(1)], { sources: [source(item(1), { inode: 1n })] }),
  );
  expect((await next).value).toEqual({ contentIds: [item(1).contentId] });
  stop.abort();
});

test('a second node on the folder does not start, and the first goes on', async () => {
  const second = tree();
  await expect(second.start()).rejects.toMatchObject({ code: 'E_HOME_LOCKED' });
  expect(await supervisor.ref(storeContract).ask('ownShares', null)).toEqual([]);
});
