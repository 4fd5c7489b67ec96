import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { syncContract } from '../src/actors/sync/contract.ts';
import { ERRORS } from '../src/errors.ts';
import { createNode, type GranaryNode } from '../src/node.ts';
import { until } from './supervisor/two-actors.ts';

let node: GranaryNode;
let home: string;
afterEach(async () => {
  await node.stop();
  await rm(home, { recursive: true, force: true });
});

test('an actor that dies for ever ends the node in order, and the program with 70', async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-escalation-'));
  node = await createNode({
    home,
    logLevel: 'silent',
    shards: 1,
    store: { keys: 'plain' },
    acceptor: { listen: ['tcp://127.0.0.1:0'] },
    sync: { intervalSeconds: 0 },
    control: { socket: join(home, 'run', 'control.sock') },
  });
  const restarted: string[] = [];
  let gaveUp: string | null = null;
  node.on('actor-restarted', ({ actor, cause }) => restarted.push(`${actor}: ${cause}`));
  node.on('gave-up', ({ actor }) => {
    gaveUp = actor;
  });
  const sync = node.supervisor.ref(syncContract);
  await until(async () => {
    // A message of another form is a bug of ours, and the actor dies for it.
    await sync.ask('configure', null as never).catch(() => {});
    return gaveUp !== null;
  }, 100_000);
  expect(gaveUp).toBe('sync');
  expect(await node.stopped).toMatchObject({ clean: true, cut: [] });
  // The catalog died three times of it and took the control socket along, which comes after it; storage never.
  expect(restarted.filter((line) => line === 'control: with sync').length).toBe(3);
  expect(restarted.filter((line) => line === 'search: with sync').length).toBe(3);
  expect(restarted.filter((line) => line.startsWith('store'))).toEqual([]);
  expect(ERRORS.E_GAVE_UP.exit).toBe(70);
}, 120_000);
