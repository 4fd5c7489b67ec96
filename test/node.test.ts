import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { syncContract } from '../src/actors/sync/contract.ts';
import { createNode, type GranaryNode, type SettingsOwner } from '../src/node.ts';

const homes: string[] = [];
let node: GranaryNode | null = null;
afterEach(async () => {
  await node?.stop();
  node = null;
  for (const home of homes.splice(0)) await rm(home, { recursive: true, force: true });
});

async function start(owner: SettingsOwner | null = null, sync = {}): Promise<GranaryNode> {
  const home = await mkdtemp(join(tmpdir(), 'granary-node-'));
  homes.push(home);
  const settings = {
    home,
    logLevel: 'silent' as const,
    shards: 1,
    store: { keys: 'plain' as const },
    acceptor: { listen: ['tcp://127.0.0.1:0'] },
    sync,
    control: { socket: join(home, 'run', 'control.sock') },
  };
  node = await createNode(settings, undefined, owner);
  return node;
}

const passes = (running: GranaryNode): number =>
  running.status().actors.find(({ name }) => name === 'sync')?.metrics.passes ?? Number.NaN;
const until = (holds: () => void) => vi.waitFor(holds, { timeout: 20_000, interval: 20 });

test('a live setting counts at once, and for every later life of the actor', async () => {
  const running = await start(null, { intervalSeconds: 0 });
  expect(passes(running)).toBe(0);
  await running.configure({ sync: { intervalSeconds: 0.02 } });
  await until(() => expect(passes(running)).toBeGreaterThan(2));

  let restarts = 0;
  running.on('actor-restarted', () => {
    restarts++;
  });
  // A message of another form is a bug of ours, and the actor dies for it.
  const sync = running.supervisor.ref(syncContract);
  await expect(sync.ask('configure', null as never)).rejects.toMatchObject({ code: 'E_ACTOR_CRASHED' });
  await until(() => expect(restarts).toBe(1));
  const before = passes(running);
  await until(() => expect(passes(running)).toBeGreaterThan(before + 2));
});

test('a change that meets an actor between two lives is in force in the next one', async () => {
  const running = await start(null, { intervalSeconds: 0 });
  const sync = running.supervisor.ref(syncContract);
  await expect(sync.ask('configure', null as never)).rejects.toMatchObject({ code: 'E_ACTOR_CRASHED' });
  await running.configure({ sync: { intervalSeconds: 0.02 } });
  await until(() => expect(passes(running)).toBeGreaterThan(2));
});

test('values out of bounds are E_CONFIG, and without an owner there is nothing to read again', async () => {
  const running = await start();
  await expect(running.configure({ sync: { intervalSeconds: -1 } })).rejects.toMatchObject({
    code: 'E_CONFIG',
    message: expect.stringContaining('sync.intervalSeconds') as string,
  });
  await expect(running.reload()).rejects.toMatchObject({ code: 'E_NO_SETTINGS' });
});

test('the owner of the settings reads them, and what it applies reaches the actors', async () => {
  const result = { applied: ['sync.interval_seconds'], needs_restart: [], unchanged: 20 };
  const running = await start(
    {
      rows: () => [],
      async reload(apply) {
        await apply({ sync: { intervalSeconds: 0.02 } });
        return result;
      },
    },
    { intervalSeconds: 0 },
  );
  expect(await running.reload()).toEqual(result);
  await until(() => expect(passes(running)).toBeGreaterThan(1));
});

test('a node with values out of bounds does not start', async () => {
  await expect(start(null, { intervalSeconds: 'often' })).rejects.toMatchObject({ code: 'E_CONFIG' });
});
